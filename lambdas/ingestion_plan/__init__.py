"""Start the ingestion of days that are over and not done yet."""
