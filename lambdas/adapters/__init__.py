"""What several handlers ask of AWS, in the platform's words."""
