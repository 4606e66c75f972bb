"""The composition root: parts and a store become a program.

In: aggregates, deciders, a store URL. Out: repositories, units of work, the open store; async and sync.
May import: every room above it, and adapters where a URL names them.
"""

from typing import TYPE_CHECKING

from leftfold.on_demand import names_of as _names_of

if TYPE_CHECKING:
    from leftfold.app.beginning import Begun
    from leftfold.app.composition import App
    from leftfold.app.dead_letters import DeadLetters
    from leftfold.app.monitoring import Monitor, StreamLag
    from leftfold.app.moving import Moved, move
    from leftfold.app.opening import open_schema, open_store
    from leftfold.app.processes import Processes
    from leftfold.app.sagas import Sagas
    from leftfold.app.sync import SyncApp, SyncDeciderRepository, SyncEventStore, SyncRepository, SyncTimeTravel
    from leftfold.app.sync_following import SyncDeadLetters, SyncMonitor
    from leftfold.app.sync_processes import SyncProcesses
    from leftfold.app.sync_sagas import SyncSagas

__all__ = [
    "App",
    "Begun",
    "DeadLetters",
    "Monitor",
    "Moved",
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
    "move",
    "open_schema",
    "open_store",
]

_MODULES = {
    "beginning": ("Begun",),
    "composition": ("App",),
    "dead_letters": ("DeadLetters",),
    "monitoring": ("Monitor", "StreamLag"),
    "moving": ("Moved", "move"),
    "opening": ("open_schema", "open_store"),
    "processes": ("Processes",),
    "sagas": ("Sagas",),
    "sync": ("SyncApp", "SyncDeciderRepository", "SyncEventStore", "SyncRepository", "SyncTimeTravel"),
    "sync_following": ("SyncDeadLetters", "SyncMonitor"),
    "sync_processes": ("SyncProcesses",),
    "sync_sagas": ("SyncSagas",),
}

if not TYPE_CHECKING:  # a checker would take every name for one that is there
    __getattr__, __dir__ = _names_of(__name__, _MODULES)
