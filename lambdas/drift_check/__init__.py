"""Compare what the champion was asked lately with what it was trained on."""
