"""How good a model's answers were, once their labels are known; numpy at most, no I/O."""
