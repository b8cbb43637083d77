"""The templates of a new model's folder, and what writes them."""
