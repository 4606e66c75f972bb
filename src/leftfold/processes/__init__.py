"""What coordinates: sagas, process managers, timers, and the one engine that carries them on.

In: events, commands, time. Out: commands, calls, and a journal of what was done and undone.
May import: projections, subscriptions, handling, store, domain, messages, ids, clock, errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from leftfold.on_demand import names_of as _names_of

if TYPE_CHECKING:
    from leftfold.processes.checking import SagaFinding
    from leftfold.processes.declaring import Parallel, Step, parallel, step
    from leftfold.processes.defining import saga_definition
    from leftfold.processes.definition import SagaDefinition
    from leftfold.processes.engine import Carrier, Engine, Moment
    from leftfold.processes.expecting import Overdue
    from leftfold.processes.instance import Entry, Timer
    from leftfold.processes.instances import SagaInstances
    from leftfold.processes.intervening import Verb
    from leftfold.processes.journal import Intervention, Parent, StepRecord
    from leftfold.processes.migrating import Migrated
    from leftfold.processes.next import IGNORE, CommandRefused, Ignored, Next, TimerDue
    from leftfold.processes.outcome import Done, InDoubt, Outcome
    from leftfold.processes.process import Process, ProcessKey
    from leftfold.processes.saga import Saga
    from leftfold.processes.saga_view import SagaView
    from leftfold.processes.sending import Sender, sends
    from leftfold.processes.steps import Steps
    from leftfold.processes.viewing import ParkedView, ProcessFinding, ProcessView, TimerView

__all__ = [
    "IGNORE",
    "Carrier",
    "CommandRefused",
    "Done",
    "Engine",
    "Entry",
    "Ignored",
    "InDoubt",
    "Intervention",
    "Migrated",
    "Moment",
    "Next",
    "Outcome",
    "Overdue",
    "Parallel",
    "Parent",
    "ParkedView",
    "Process",
    "ProcessFinding",
    "ProcessKey",
    "ProcessView",
    "Saga",
    "SagaDefinition",
    "SagaFinding",
    "SagaInstances",
    "SagaView",
    "Sender",
    "Step",
    "StepRecord",
    "Steps",
    "Timer",
    "TimerDue",
    "TimerView",
    "Verb",
    "parallel",
    "saga_definition",
    "sends",
    "step",
]

_MODULES: Final = {
    "checking": ("SagaFinding",),
    "declaring": (
        "Parallel",
        "Step",
        "parallel",
        "step",
    ),
    "defining": ("saga_definition",),
    "definition": ("SagaDefinition",),
    "engine": (
        "Carrier",
        "Engine",
        "Moment",
    ),
    "expecting": ("Overdue",),
    "instance": (
        "Entry",
        "Timer",
    ),
    "instances": ("SagaInstances",),
    "intervening": ("Verb",),
    "journal": (
        "Intervention",
        "Parent",
        "StepRecord",
    ),
    "migrating": ("Migrated",),
    "next": (
        "CommandRefused",
        "IGNORE",
        "Ignored",
        "Next",
        "TimerDue",
    ),
    "outcome": (
        "Done",
        "InDoubt",
        "Outcome",
    ),
    "process": (
        "Process",
        "ProcessKey",
    ),
    "saga": ("Saga",),
    "saga_view": ("SagaView",),
    "sending": (
        "Sender",
        "sends",
    ),
    "steps": ("Steps",),
    "viewing": (
        "ParkedView",
        "ProcessFinding",
        "ProcessView",
        "TimerView",
    ),
}
if not TYPE_CHECKING:  # a checker would take every name for one that is there
    __getattr__, __dir__ = _names_of(__name__, _MODULES)
