"""CloudWatch metrics that the platform publishes, by name and dimension."""

NAMESPACE = "Perennial"

MODEL = "Model"
ENVIRONMENT = "Environment"
FEATURE = "Feature"

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
