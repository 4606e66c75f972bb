"""One short module a pattern; `python -m examples.tour` runs them on a real store and checks what comes out."""
