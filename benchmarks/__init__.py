"""Measures Leftfold against its peers and against the bare drivers: `python -m benchmarks append|time|follow`."""
