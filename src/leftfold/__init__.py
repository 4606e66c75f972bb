"""Leftfold: event-sourced, domain-driven systems, from one process on SQLite to many services."""
