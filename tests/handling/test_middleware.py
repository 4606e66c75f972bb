"""What happens around commands and queries happens once for each, outside of their commit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from decimal import Decimal
from typing import cast

import msgspec
import pytest

from leftfold import Metadata, Receipt
from leftfold.errors import DefinitionError, Forbidden, InvalidInput, NotFound
from leftfold.handling import Call, Kind, Middleware, Proceed, authorised, logged, timed
from leftfold.store import MemoryStore
from tests.handling.bank import InsufficientFunds
from tests.handling.teller import Deposit, Desk, FindBalance, Withdraw, open_desk


def _noting(name: str, notes: list[str]) -> Middleware:
    async def note(call: Call, proceed: Proceed) -> object:
        notes.append(f"{name} before {call.kind.value} {call.name}")
        answer = await proceed(call)
        notes.append(f"{name} after {answer}")
        return answer

    return note


async def _desk(*middleware: Middleware) -> Desk:
    return await open_desk(MemoryStore(), middleware=middleware)


async def test_the_first_middleware_is_outermost_for_commands_and_queries() -> None:
    notes: list[str] = []
    desk = await _desk(_noting("one", notes), _noting("two", notes))
    receipt = await desk.commands.send(Deposit(account="A", amount=Decimal(5)))
    assert notes == [
        "one before command Deposit",
        "two before command Deposit",
        f"two after {receipt}",
        f"one after {receipt}",
    ]
    notes.clear()
    await desk.queries.ask(FindBalance(account="A"))
    assert notes == ["one before query FindBalance", "two before query FindBalance", "two after 5", "one after 5"]


async def test_a_middleware_that_gives_nothing_to_await_is_told_how_to_write_it() -> None:
    def plain(call: Call, proceed: Proceed) -> object: ...

    desk = await _desk(cast("Middleware", plain))
    with pytest.raises(DefinitionError, match="middleware plain gives a NoneType to await; write it as an async def"):
        await desk.commands.send(Deposit(account="A", amount=Decimal(5)))
    with pytest.raises(DefinitionError, match="middleware plain gives a NoneType to await; write it as an async def"):
        await desk.queries.ask(FindBalance(account="A"))


async def test_a_middleware_runs_once_for_a_command_that_is_decided_again_after_conflicts() -> None:
    notes: list[str] = []
    desk = await _desk(_noting("one", notes))
    await asyncio.gather(*(desk.commands.send(Deposit(account="A", amount=Decimal(1))) for _ in range(8)))
    assert len([note for note in notes if note.startswith("one before")]) == 8


async def test_a_middleware_may_change_who_asks_and_the_message() -> None:
    async def from_session(call: Call, proceed: Proceed) -> object:
        metadata = msgspec.structs.replace(call.metadata, actor="alice")
        return await proceed(
            msgspec.structs.replace(call, metadata=metadata, message=Deposit(account="B", amount=Decimal(7)))
        )

    desk = await _desk(from_session)
    assert (await desk.commands.send(Deposit(account="A", amount=Decimal(5)))).result == 7
    [event] = (await desk.loader.events.read_log()).events
    assert (event.stream, event.metadata.actor) == ("account-B", "alice")
    assert event.metadata.command_id


async def test_an_unchecked_message_reaches_no_middleware() -> None:
    notes: list[str] = []
    desk = await _desk(_noting("one", notes))
    with pytest.raises(InvalidInput):
        await desk.queries.ask(FindBalance(account=5))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert notes == []


async def _only_alice(call: Call) -> bool:
    return call.metadata.actor == "alice"


def _only_reads(call: Call) -> bool | Awaitable[bool]:
    return True if call.kind is Kind.QUERY else _only_alice(call)


async def test_what_is_not_authorised_is_forbidden_and_not_done() -> None:
    desk = await _desk(authorised(_only_reads))
    with pytest.raises(Forbidden) as caught:
        await desk.commands.send(Deposit(account="A", amount=Decimal(5)), id="c", metadata=Metadata(actor="bob"))
    assert (caught.value.name, caught.value.actor) == ("Deposit", "bob")
    assert await desk.queries.ask(FindBalance(account="A")) is None
    alice = Metadata(actor="alice")
    assert (await desk.commands.send(Deposit(account="A", amount=Decimal(5)), id="c", metadata=alice)).position == 1


async def test_who_is_not_authorised_does_not_get_the_answer_of_a_command_that_was_carried_out() -> None:
    desk = await _desk(authorised(_only_alice))
    command = Deposit(account="A", amount=Decimal(5))
    await desk.commands.send(command, id="c", metadata=Metadata(actor="alice"))
    with pytest.raises(Forbidden, match="whoever asks without a name is not allowed 'Deposit'"):
        await desk.commands.send(command, id="c")


async def test_every_call_is_timed_whatever_came_of_it() -> None:
    reported: list[tuple[str, bool, str]] = []
    desk = await _desk(timed(lambda call, seconds, ended: reported.append((call.name, 0 < seconds < 60, ended))))
    await desk.commands.send(Deposit(account="A", amount=Decimal(5)))
    with pytest.raises(InsufficientFunds):
        await desk.commands.send(Withdraw(account="A", amount=Decimal(9)))
    with pytest.raises(NotFound):
        await desk.commands.send(Withdraw(account="B", amount=Decimal(9)))
    await desk.queries.ask(FindBalance(account="A"))
    assert reported == [
        ("Deposit", True, "done"),
        ("Withdraw", True, "refused"),
        ("Withdraw", True, "failed"),
        ("FindBalance", True, "done"),
    ]


async def test_every_call_is_logged_with_who_and_what_came_of_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bank")
    desk = await _desk(logged(logging.getLogger("bank")))
    receipt = await desk.commands.send(
        Deposit(account="A", amount=Decimal(5)), id="c", metadata=Metadata(actor="alice")
    )
    assert isinstance(receipt, Receipt)
    with pytest.raises(InsufficientFunds):
        await desk.commands.send(Withdraw(account="A", amount=Decimal(9)), id="d")
    with pytest.raises(NotFound):
        await desk.commands.send(Withdraw(account="B", amount=Decimal(9)), id="e")
    done, refused, failed = caplog.records
    assert done.getMessage().startswith("command Deposit (id c, actor alice) done in ")
    assert refused.getMessage() == (
        "command Withdraw (id d, actor -) refused: Insufficient funds. (balance=5, requested=9)"
    )
    assert (done.levelno, refused.levelno, failed.levelno) == (logging.INFO, logging.INFO, logging.WARNING)
    assert "command Withdraw (id e, actor -) failed: NotFound" in failed.getMessage()
