"""A bank: real history recorded as fact, and new decisions on top of it. `python -m examples.bank --help`.

`account.py` is the domain, `pkdd99.py` reads the bank's file, `importing.py` records it, `reporting.py` adds it up.
"""
