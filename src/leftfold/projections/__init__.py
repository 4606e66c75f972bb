"""What is shown: rows folded from events.

In: events, a pure function for each projection. Out: tables, read models, cached answers.
May import: errors, clock, ids, messages, domain, store, handling, subscriptions.
"""

from leftfold.projections.cache import Cache, LocalCache
from leftfold.projections.caching import CacheStats
from leftfold.projections.leftovers import Leftover, forget_rows, leftovers
from leftfold.projections.projection import Projection
from leftfold.projections.read_model import Hit, ReadModel
from leftfold.projections.rebuilding import Rebuild, RowDifference

__all__ = [
    "Cache",
    "CacheStats",
    "Hit",
    "Leftover",
    "LocalCache",
    "Projection",
    "ReadModel",
    "Rebuild",
    "RowDifference",
    "forget_rows",
    "leftovers",
]
