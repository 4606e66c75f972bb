"""Leftfold in use: `examples.tour` shows each pattern in one module, `examples.bank` a bank's real history."""
