"""The composition root: parts and a store become a program.

In: aggregates, deciders, a store URL. Out: repositories, units of work, the open store; async and sync.
May import: every room above it, and adapters where a URL names them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from leftfold.app.composition import App
from leftfold.app.dead_letters import DeadLetters
from leftfold.app.monitoring import Monitor, StreamLag
from leftfold.app.opening import open_schema, open_store
from leftfold.app.sync import SyncApp, SyncDeciderRepository, SyncEventStore, SyncRepository, SyncTimeTravel
from leftfold.app.sync_following import SyncDeadLetters, SyncMonitor

if TYPE_CHECKING:
    from leftfold.app.processes import Processes
    from leftfold.app.sagas import Begun, Sagas
    from leftfold.app.sync_processes import SyncProcesses
    from leftfold.app.sync_sagas import SyncSagas

__all__ = [
    "App",
    "Begun",
    "DeadLetters",
    "Monitor",
    "Processes",
    "Sagas",
    "StreamLag",
    "SyncApp",
    "SyncDeadLetters",
    "SyncDeciderRepository",
    "SyncEventStore",
    "SyncMonitor",
    "SyncProcesses",
    "SyncRepository",
    "SyncSagas",
    "SyncTimeTravel",
    "open_schema",
    "open_store",
]

_PLACES: Final = {
    "Begun": "sagas",
    "Processes": "processes",
    "Sagas": "sagas",
    "SyncProcesses": "sync_processes",
    "SyncSagas": "sync_sagas",
}


def __getattr__(name: str) -> object:
    """What only programs with sagas and processes need is imported when it is asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    """Every name, whether it was asked for or not."""
    return sorted({*globals(), *_PLACES})
