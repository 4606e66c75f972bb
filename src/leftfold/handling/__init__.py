"""How a decision is carried out: load, fold, decide, append, again on a conflict.

In: changes to aggregates, commands for deciders. Out: receipts; events in the store.
May import: store, domain, messages, ids, clock, errors.
"""

from leftfold.handling.keeping import Snapshots
from leftfold.handling.loading import Loader
from leftfold.handling.moments import AsOf, Change, Difference, Loaded
from leftfold.handling.receipt import Receipt
from leftfold.handling.repository import DeciderRepository, Repository
from leftfold.handling.retry import ATTEMPTS
from leftfold.handling.temporal import TimeTravel
from leftfold.handling.unit_of_work import UnitOfWork, transact

__all__ = [
    "ATTEMPTS",
    "AsOf",
    "Change",
    "DeciderRepository",
    "Difference",
    "Loaded",
    "Loader",
    "Receipt",
    "Repository",
    "Snapshots",
    "TimeTravel",
    "UnitOfWork",
    "transact",
]
