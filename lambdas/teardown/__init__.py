"""Delete what run time made when the stack that owns a model is deleted."""
