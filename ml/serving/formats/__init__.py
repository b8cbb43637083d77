"""The forms that a request may have, one a module."""
