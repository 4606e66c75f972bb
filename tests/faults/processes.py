"""Faults of processes: what is handed in, timers, commands on their way."""

from __future__ import annotations

from typing import Final

from leftfold.processes import firing, outgoing, resharding
from leftfold.processes.delivering import CommandCarrier
from leftfold.processes.expecting import ExpectationCarrier
from leftfold.processes.expiring import MissingCarrier
from leftfold.processes.firing import TimerCarrier
from leftfold.processes.instance import Instance
from leftfold.processes.processor import Processor
from leftfold.subscriptions.runner import Runner
from tests.faults.changes import Fault, in_code

__all__ = ["FAULTS"]

_CHOREOGRAPHY: Final = "tests/processes/test_choreography.py"
_COMMANDS: Final = "tests/processes/test_commands.py"
_CRASHES: Final = "tests/guarantees/test_process_crash_points.py"
_INSTANCES: Final = "tests/processes/test_instances.py"
_MISSING: Final = "tests/processes/test_missing.py"
_ONE_COMMIT: Final = "tests/processes/test_one_commit.py"
_ORDERS: Final = "tests/processes/test_orders.py"
_TIMERS: Final = "tests/processes/test_timers.py"

_WRITE: Final = "transact(Transaction(writes=[*writes, advance]))"
_WRITE_APART: Final = (
    "transact(Transaction(writes=list(writes)))\n        await self._target.transact(Transaction(writes=[advance]))"
)
_COMMANDS_APART: Final = (
    "Transaction(writes=[revise]))\n    await self.running.store.transact(Transaction(writes=list(result.commands))"
)
_SEND: Final = "    try:\n        with blamed():"
_END: Final = "await self._store.transact(Transaction(writes=[end]))"

FAULTS: Final[dict[str, Fault]] = {
    "event handed in apart from the checkpoint": Fault(
        in_code(Runner, "_write", (_WRITE, _WRITE_APART)),
        (_ONE_COMMIT,),
        "at another moment",
    ),
    "command gone before it was carried out": Fault(
        in_code(
            CommandCarrier, "carry", (_SEND, f"    {_END}\n{_SEND}"), (f"else:\n        {_END}", "else:\n        pass")
        ),
        (_CRASHES,),
        "a command is lost",
        "sqlite",
        children=True,
    ),
    "commands put on their way apart from the instance": Fault(
        in_code(
            firing.Firing,
            "write",
            ("Transaction(writes=[revise, *result.commands])", _COMMANDS_APART),
        ),
        (_ONE_COMMIT,),
        "a command may be lost",
    ),
    "timer fires on an instance that has changed": Fault(
        in_code(
            TimerCarrier,
            "carry",
            ("replace(item, token=token), instance", "(await running.store.work([item.id]))[item.id], instance"),
        ),
        (_TIMERS,),
        "assert (('tea',)",
        "about_to_fire and memory",
    ),
    "timer fires before what was recorded before it": Fault(
        in_code(firing, "ready", ("await running.caught_up(heads, _WAIT_S) and", "")),
        (_TIMERS,),
        "assert 2 == 1",
        "handed_in_before_it and memory",
    ),
    "timer fires before what is parked": Fault(
        in_code(firing, "ready", (" and not await running.parked(key)", "")),
        (_TIMERS,),
        "assert ['tea'] == []",
        "event_that_is_parked and memory",
    ),
    "timers in the order of their names": Fault(
        in_code(Instance, "due", ("return min(ready)[1]", "return min(ready, key=lambda one: one[1])[1]")),
        (_TIMERS,),
        "('a', 'b', 'c')",
        "order_of_their_times and memory",
    ),
    "command with another id each time": Fault(
        in_code(outgoing, "command_id", ("uuid5(_NAMESPACE,", "uuid5(__import__('uuid').uuid4(),")),
        (_COMMANDS,),
        "assert UUID(",
        "same_every_time",
    ),
    "refused command sent again under its old id": Fault(
        in_code(outgoing.Outgoing, "id_of", ("if self.anew else id", "if False else id")),
        (_COMMANDS,),
        "the answer that was kept was given again",
        "decided_again and memory",
    ),
    "events that wait forgotten": Fault(
        in_code(Processor, "_kept", ("for place in draft.was.parked]", "for place in ()]")),
        (_MISSING,),
        "in_log_order",
        "in_log_order and memory",
    ),
    "event given up while its instance is in the log": Fault(
        in_code(
            MissingCarrier, "carry", ("if not await ready(running, event.key, await running.heads()):", "if False:")
        ),
        (_MISSING,),
        "assert [('event', 'Poked', 'dead')] ==",
        "still_be_handed_in and memory",
    ),
    "event for an ended process handed in": Fault(
        in_code(Processor, "_taken", ("if instance.ended:", "if False:")),
        (_ORDERS,),
        "('ignored', 'it has ended')",
        "has_ended and memory",
    ),
    "begin at the start of the log with other shards": Fault(
        in_code(resharding, "reshard", ("if not others:", "if True:")),
        (_INSTANCES,),
        "hands_nothing_in_twice",
        "hands_nothing_in_twice and memory",
    ),
    "expectation that does not look whether it was met": Fault(
        in_code(ExpectationCarrier, "carry", ("if sent is None or await self._is_done(sent):", "if False:")),
        (_CHOREOGRAPHY,),
        "leftfold.Overdue",
        "leaves_no_trace and memory",
    ),
}
