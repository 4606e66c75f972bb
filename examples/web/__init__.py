"""A bank behind HTTP: one context, and two programs that serve it."""
