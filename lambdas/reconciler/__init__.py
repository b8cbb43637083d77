"""Compare what the champion pointer, the model registry and the endpoint say."""
