"""What a child sends before it is killed, known to its parent beforehand: commands with ids, of every outcome.

As a program, `python -m tests.guarantees.commanding URL RUNS`, it says `{}` once its store is open, waits for a line,
and sends the commands of every run.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from leftfold.domain.errors import DomainError
from leftfold.messages.command import Command
from leftfold.store.port import Store
from tests.guarantees.children import begin_child, say
from tests.guarantees.places import open_place
from tests.handling.teller import Deposit, Desk, Look, Transfer, Withdraw, open_desk

__all__ = ["Answered", "answers_of", "check_commands", "commands_of", "send_commands"]


class Answered(Struct, frozen=True):
    """What a command was answered.

    Args:
        id: of the command.
        said: its result or its refusal.
        position: of its receipt; 0 for a refusal, which has none.
        repeated: whether the receipt says so.
    """

    id: str
    said: str
    position: int
    repeated: bool


def commands_of(run: int) -> list[tuple[Command[object], str, int]]:
    """The commands of one run in their order, each with what it has to be answered and how many events it records.

    None of them would be answered alike if it were carried out once more at the end.
    """
    one, two = f"one-{run}", f"two-{run}"
    return [
        (Deposit(account=one, amount=Decimal("6.0")), "6.0", 1),
        (Deposit(account=two, amount=Decimal(1)), "1", 1),
        (Transfer(source=one, target=two, amount=Decimal("2.0")), "(Decimal('4.0'), Decimal('3.0'))", 2),
        (Look(account=one), f"{one} has 4.0", 0),
        (Withdraw(account=one, amount=Decimal(9)), "Insufficient funds. (balance=4.0, requested=9)", 0),
        (Deposit(account=one, amount=Decimal(9)), "13.0", 1),
    ]


async def answers_of(desk: Desk, run: int) -> list[Answered]:
    """Send the commands of one run, one after another."""
    return [await _answer(desk, f"{run}.{number}", command) for number, (command, _, _) in enumerate(commands_of(run))]


async def send_commands(store: Store, run: int) -> None:
    """Send the commands of one run, saying each answer."""
    desk = await open_desk(store)
    for number, (command, _, _) in enumerate(commands_of(run)):
        say(await _answer(desk, f"{run}.{number}", command))


async def check_commands(store: Store, run: int, answered: Sequence[Answered], before: int) -> int:
    """Check what a killed run left, send all of its commands again, check again; returns the new head.

    Args:
        store: opened again after the kill.
        run: its number.
        answered: what the child had been answered.
        before: the head before the run.
    """
    desk, commands = await open_desk(store), commands_of(run)
    counts = await _events_of(desk, run, before)
    kept = [await desk.answers.find(f"{run}.{number}") is not None for number in range(len(commands))]
    done = sum(kept)
    assert kept == [True] * done + [False] * (len(commands) - done)
    assert len(answered) <= done <= len(answered) + 1
    events = {f"{run}.{number}": count for number, (_, _, count) in enumerate(commands) if count}
    assert counts == {id: count for id, count in events.items() if int(id.partition(".")[2]) < done}
    again = await answers_of(desk, run)
    assert [answer.said for answer in again] == [said for _, said, _ in commands]
    refused = [answer.position == 0 for answer in again]
    assert [answer.repeated for answer in again] == [was and not no for was, no in zip(kept, refused, strict=True)]
    for first, second in zip(answered, again, strict=False):
        assert (first.id, first.said, first.position, first.repeated) == (
            second.id,
            second.said,
            second.position,
            False,
        )
    assert await _events_of(desk, run, before) == events
    return await store.head()


async def _answer(desk: Desk, id: str, command: Command[object]) -> Answered:
    try:
        receipt = await desk.commands.send(command, id=id)
    except DomainError as refusal:
        return Answered(id, str(refusal), 0, repeated=False)
    return Answered(id, str(receipt.result), receipt.position, receipt.repeated)


async def _events_of(desk: Desk, run: int, after: int) -> dict[str, int]:
    """How many events each command of the run has recorded."""
    ids = [str(event.metadata.command_id) for event in (await desk.loader.events.read_log(after=after)).events]
    return dict(Counter(id for id in ids if id.startswith(f"{run}.")))


async def _send_all(url: str, runs: int) -> None:
    store = await open_place(url)
    say({})
    sys.stdin.readline()
    for run in range(runs):
        await send_commands(store, run)
    await store.close()


if __name__ == "__main__":
    begin_child()
    asyncio.run(_send_all(sys.argv[1], int(sys.argv[2])))
