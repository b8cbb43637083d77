"""CloudWatch metrics that the platform publishes, by name and dimension."""

NAMESPACE = "Perennial"

MODEL = "Model"
ENVIRONMENT = "Environment"
FEATURE = "Feature"
DEPLOYMENT = "Deployment"

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
