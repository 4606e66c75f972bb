"""The steps of the store's schema."""

from __future__ import annotations

from collections.abc import Sequence

from leftfold.store.schema import Migration

__all__ = ["MIGRATIONS", "NEWEST"]

MIGRATIONS: Sequence[Migration] = (
    Migration(version=1, needs_code=1, name="0001_events"),
    Migration(version=2, needs_code=1, name="0002_snapshots"),
    Migration(version=3, needs_code=1, name="0003_rows"),
    Migration(version=4, needs_code=1, name="0004_work"),
    Migration(version=5, needs_code=1, name="0005_append_part"),
    Migration(version=6, needs_code=1, name="0006_versions_from_expected"),
    Migration(version=7, needs_code=1, name="0007_append_one_and_parts"),
    Migration(version=8, needs_code=1, name="0008_work_kept"),
    Migration(version=9, needs_code=1, name="0009_work_status"),
    Migration(version=10, needs_code=1, name="0010_matches"),
)

NEWEST = MIGRATIONS[-1].version
"""The schema version that this code is made for."""
