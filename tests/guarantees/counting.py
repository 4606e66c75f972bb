"""A counting house whose rows tell exactly which events they were folded from, in which order; and a plain fold."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import msgspec

from leftfold import Aggregate, Attempt, Context, Event, IntegrationEvent, RecordedEvent, applies
from leftfold.ids import new_id
from leftfold.store.events import Expected, NewEvent, StoredEvent, ToStream
from leftfold.store.port import Store
from leftfold.subscriptions import Policy, Retry, Timing

__all__ = [
    "POISON",
    "QUICK",
    "STEADY",
    "Account",
    "Arrived",
    "Counted",
    "Counting",
    "Reached",
    "Total",
    "amount_of",
    "append_counted",
    "counting_house",
    "folded",
    "id_of_account",
    "log_of",
    "mailed_in",
    "receiving_house",
]

QUICK = Timing(lease_s=0.05, poll_s=0.02, grace_s=2.0)
"""For workers that are killed often and must not keep the next one waiting."""

STEADY = Timing(lease_s=10.0, poll_s=0.02, grace_s=2.0)
"""For workers that nobody kills; a busy machine is no reason to take over from them."""

POISON = 13
"""An amount that cannot be folded."""


class Counted(Event):
    """An amount was counted."""

    account: str
    amount: int


class Reached(IntegrationEvent):
    """What others are told of it."""

    account: str
    amount: int


class Account(Aggregate[Counted], category="account"):
    """An account."""

    total: int = 0

    def count(self, amount: int) -> None:
        """Count *amount*."""
        self.record(Counted(account=self.id, amount=amount))

    @applies
    def _counted(self, event: Counted) -> None:
        self.total += event.amount


@dataclass(frozen=True)
class Total:
    """What was counted for one account.

    Args:
        factor: what each amount is multiplied with; that of the code that began the row.
        position: of the last event.
        chain: a digest of the events, in order: no event lost, none twice.
    """

    account: str
    factor: int
    total: int
    count: int
    position: int
    chain: str


@dataclass(frozen=True)
class Arrived(Total):
    """The same of what another context publishes."""


class _Data(msgspec.Struct):
    amount: int


class Counting(msgspec.Struct, frozen=True, kw_only=True):
    """How a counting house is made.

    Args:
        factor: see `Total`.
        bad: amounts that cannot be folded.
        mailed: file that the reaction writes a line into for each try; no reaction when left out.
        attempts: how often what cannot be folded is tried.
        held: amount whose fold stops the whole process, until it is continued.
    """

    factor: int = 1
    version: int = 1
    shards: int = 1
    bad: frozenset[int] = frozenset({POISON})
    mailed: str = ""
    attempts: int = 1
    held: int = 0


def counting_house(how: Counting | None = None) -> Context:
    """A context with the projection `totals`, the reaction `mail`, and what it publishes."""
    made = how or Counting()
    house = Context("counting")
    house.includes(Account)
    policy = Policy(retry=Retry(attempts=made.attempts, first=timedelta(milliseconds=20)))

    @house.projection(key="account", version=made.version, shards=made.shards, policy=policy)
    def totals(row: Total | None, event: Counted, recorded: RecordedEvent[Counted]) -> Total:
        if event.amount in made.bad:
            raise ValueError(f"{event.amount} cannot be counted")
        if made.held and event.amount == made.held:
            os.kill(os.getpid(), signal.SIGSTOP)
        before = row or Total(event.account, made.factor, 0, 0, 0, "")
        return _after(before, event.amount, recorded.position, recorded.id.bytes)

    @house.publishes
    def reached(event: Counted) -> Reached | None:
        return Reached(account=event.account, amount=event.amount) if event.amount >= 0 else None

    if made.mailed:

        @house.on(policy=policy)
        async def mail(event: Counted, attempt: Attempt, recorded: RecordedEvent[Counted]) -> None:
            _write_line(made.mailed, f"{recorded.position} {attempt.key} {os.getpid()}")

    return house


def receiving_house() -> Context:
    """A context with the projection `arrivals` of what a counting house publishes."""
    house = Context("receiving")

    @house.projection(key="account")
    def arrivals(row: Arrived | None, event: Reached, recorded: RecordedEvent[Reached]) -> Arrived:
        before = row or Arrived(event.account, 1, 0, 0, 0, "")
        return _after(before, event.amount, recorded.position, recorded.id.bytes)

    return house


def folded(
    log: Iterable[StoredEvent],
    *,
    factor: int = 1,
    left_out: Mapping[str, Sequence[int]] | None = None,
    rows: Mapping[str, Total] | None = None,
) -> dict[str, Total]:
    """The rows that come of a log, by plain means.

    Args:
        left_out: positions that are not in the row of a key.
        rows: those before, which stay as they are; none when left out.
    """
    found = dict(rows or {})
    for stored in log:
        account, amount = id_of_account(stored), amount_of(stored)
        if stored.position not in (left_out or {}).get(account, ()):
            before = found.get(account, Total(account, factor, 0, 0, 0, ""))
            found[account] = _after(before, amount, stored.position, stored.id.bytes)
    return found


def id_of_account(stored: StoredEvent) -> str:
    """Whose amount a stored event counts."""
    return stored.stream.removeprefix("account-")


def amount_of(stored: StoredEvent) -> int:
    """What a stored event counts."""
    return msgspec.json.decode(stored.data, type=_Data).amount


async def append_counted(store: Store, amounts: Sequence[tuple[str, int]]) -> int:
    """Append one event for each account and amount, together; returns the position of the last."""
    streams: dict[str, list[NewEvent]] = {}
    for account, amount in amounts:
        data = msgspec.json.encode({"account": account, "amount": amount})
        streams.setdefault(account, []).append(NewEvent(id=new_id(), type="Counted", data=data))
    parts = [ToStream(f"account-{account}", Expected.ANY, events) for account, events in streams.items()]
    return (await store.append(*parts)).position


async def log_of(store: Store, after: int = 0, upto: int | None = None) -> list[StoredEvent]:
    """The whole log."""
    found: list[StoredEvent] = []
    while True:
        page = await store.read_log(after=after, upto=upto)
        if page.position == after:
            return found
        found += page.events
        after = page.position


def mailed_in(path: str) -> list[tuple[int, str, int]]:
    """Position, key and process of each try of the reaction."""
    file = Path(path)
    lines = file.read_text().splitlines() if file.exists() else []
    return [(int(position), key, int(pid)) for position, key, pid in (line.split() for line in lines)]


_R = TypeVar("_R", Total, Arrived)


def _after(row: _R, amount: int, position: int, id: bytes) -> _R:
    chain = blake2b(row.chain.encode() + id, digest_size=8).hexdigest()
    return type(row)(row.account, row.factor, row.total + amount * row.factor, row.count + 1, position, chain)


def _write_line(path: str, line: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(file, line.encode() + b"\n")
    finally:
        os.close(file)
