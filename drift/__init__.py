"""The mathematics of drift: bins, distances, calibrated thresholds and the verdict; no I/O."""
