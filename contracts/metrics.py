"""CloudWatch metrics that the platform publishes, by name and dimension."""

NAMESPACE = "Perennial"

MODEL = "Model"
ENVIRONMENT = "Environment"
FEATURE = "Feature"
DEPLOYMENT = "Deployment"
METRIC = "Metric"

FEATURE_PSI = "FeaturePsi"
"""PSI of one feature in one window; dimensions Model, Environment, Feature."""
DRIFTED_SHARE = "DriftedFeatureShare"
"""Share of features that drifted (0 to 1); dimensions Model, Environment."""
DRIFT_VERDICTS = "DriftVerdicts"
"""1 for each check that reached a verdict, the check's heartbeat; dimensions Model, Environment."""
DRIFT_ROWS = "DriftRows"
"""Rows of the window; dimensions Model, Environment."""
CAPTURES_REFUSED = "CapturesRefused"
"""Captured records that could not be read and were quarantined; dimensions Model, Environment."""

QUALITY_FALLEN = "QualityFallen"
"""1 when the judged metric of a window's answers has fallen, 0 when it has held; dimensions Model,
Environment."""
QUALITY_VERDICTS = "QualityVerdicts"
"""1 for each quality check that reached a verdict, its heartbeat; dimensions Model, Environment."""
QUALITY_COVERAGE = "QualityCoverage"
"""Share of a window's answers whose label is known (0 to 1); dimensions Model, Environment."""
QUALITY_FIGURE = "QualityFigure"
"""A metric of a window's answers; dimensions Model, Environment, Metric."""
LABELS_SET_ASIDE = "LabelsSetAside"
"""Labels that could not be used: unreadable, contradictory, late or misshapen; dimensions Model,
Environment."""

WRONG_ANSWERS = "CandidateWrongAnswers"
"""Probes that a candidate answered otherwise than its evaluation did; dimensions Model,
Environment, Deployment."""
PREDICTION_SHIFT = "CandidatePredictionShift"
"""PSI of a candidate's answers to callers against those to its hold-out, as a multiple of what is
allowed (1: the limit); dimensions Model, Environment, Deployment."""
MISMATCHES = "ChampionMismatches"
"""1 when pointer, registry and endpoint do not name the same version, else 0; dimensions Model,
Environment."""
CAPTURE_GAP = "CaptureGap"
"""Answered requests that were captured nowhere, as a share (0 to 1); dimensions Model,
Environment."""
