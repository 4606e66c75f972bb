"""Adapters: what touches machines.

In: the ports of the rooms above. Out: databases, brokers, files.
May import: ports and what they name; never another adapter.
"""
