"""Remove an endpoint that nobody has asked for long; its deployment stays, to come back."""
