"""Judge a candidate on its evaluation, by the card's gate, and record the verdict."""
