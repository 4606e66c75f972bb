"""One context."""
