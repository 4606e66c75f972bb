"""How a decision is carried out: load, fold, decide, append, again on a conflict.

In: commands, queries, changes to aggregates. Out: receipts and answers; events in the store.
May import: store, domain, messages, ids, clock, errors.
"""

from leftfold.handling.answers import ANSWERS, Answers
from leftfold.handling.asking import QueryBus
from leftfold.handling.bus import CommandBus
from leftfold.handling.correlation import CorrelationFilter
from leftfold.handling.handlers import (
    CommandHandler,
    Decision,
    QueryHandler,
    command_handler_of,
    decision_of,
    decisions_of,
    query_handler_of,
)
from leftfold.handling.injection import Handling, Resolver, Scope, Supply
from leftfold.handling.keeping import Snapshots
from leftfold.handling.loading import Loader
from leftfold.handling.middleware import Call, Kind, Middleware, Proceed, authorised, logged, timed
from leftfold.handling.moments import AsOf, Change, Difference, Loaded
from leftfold.handling.receipt import Receipt
from leftfold.handling.repository import DeciderRepository, Repository
from leftfold.handling.retry import ATTEMPTS
from leftfold.handling.routing import CommandRoute, QueryRoute, Routes, command_routes, query_routes
from leftfold.handling.temporal import TimeTravel
from leftfold.handling.unit_of_work import UnitOfWork, transact

__all__ = [
    "ANSWERS",
    "ATTEMPTS",
    "Answers",
    "AsOf",
    "Call",
    "Change",
    "CommandBus",
    "CommandHandler",
    "CommandRoute",
    "CorrelationFilter",
    "DeciderRepository",
    "Decision",
    "Difference",
    "Handling",
    "Kind",
    "Loaded",
    "Loader",
    "Middleware",
    "Proceed",
    "QueryBus",
    "QueryHandler",
    "QueryRoute",
    "Receipt",
    "Repository",
    "Resolver",
    "Routes",
    "Scope",
    "Snapshots",
    "Supply",
    "TimeTravel",
    "UnitOfWork",
    "authorised",
    "command_handler_of",
    "command_routes",
    "decision_of",
    "decisions_of",
    "logged",
    "query_handler_of",
    "query_routes",
    "timed",
    "transact",
]
