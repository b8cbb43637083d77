"""Put a trained candidate into the model registry, pending, with its digests and pointers."""
