"""Events that could not be handled, and what waits behind them: letters, kept in order by subject."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, Literal

import msgspec
from msgspec import Struct

from leftfold.clock import Clock
from leftfold.errors import TableMissing, UnknownEventType, UnknownSchemaVersion, UnreadableState
from leftfold.store.port import Store
from leftfold.store.tables import Column, ColumnType, Compare, Selection, Table, Where
from leftfold.store.transaction import Delete, Put, Write
from leftfold.subscriptions.consumer import Failure, Unkeyed
from leftfold.subscriptions.policy import Failing, Policy, Retry

__all__ = [
    "LETTERS",
    "PARKED",
    "REQUESTS",
    "Letter",
    "ParkedSubject",
    "Parking",
    "Request",
    "error_text",
    "letter_key",
    "letter_place",
    "load_letter",
    "load_parked",
    "of_subscription",
    "request_key",
    "selected",
    "subject_key",
]

PARKED: Final = Table(
    name="leftfold_parked",
    columns=(
        Column("subscription", ColumnType.TEXT),
        Column("part", ColumnType.INTEGER),
        Column("subject", ColumnType.TEXT),
        Column("dead", ColumnType.BOOLEAN),
    ),
    indexes=(("subscription", "part"),),
)
"""Subjects that wait."""

LETTERS: Final = Table(
    name="leftfold_letters",
    columns=(
        Column("subscription", ColumnType.TEXT),
        Column("part", ColumnType.INTEGER),
        Column("subject", ColumnType.TEXT),
        Column("position", ColumnType.INTEGER),
        Column("type", ColumnType.TEXT),
        Column("stream", ColumnType.TEXT),
        Column("version", ColumnType.INTEGER),
        Column("error", ColumnType.TEXT),
    ),
    indexes=(("subscription", "subject", "position"),),
)
"""Events that are not done."""

REQUESTS: Final = Table(
    name="leftfold_requests",
    columns=(Column("subscription", ColumnType.TEXT), Column("part", ColumnType.INTEGER)),
    indexes=(("subscription", "part"),),
)
"""What people ask of those who hold the checkpoints."""

_PAGE: Final = 500
_ERROR_CHARACTERS: Final = 2_000

_OF_NEWER_CODE: Final = (UnknownEventType, UnknownSchemaVersion, UnreadableState)
_FOR_NEWER_CODE: Final = Retry(attempts=None, most=timedelta(minutes=1))
"""While a deployment rolls, this code may meet what only newer code can handle: that one will."""


class ParkedSubject(Struct, kw_only=True):
    """A subject that waits.

    Args:
        part: the shard it belongs to, from 0.
        attempts: how often its first event was tried.
        due: when it is tried again; None for never, without being asked.
        error: what its first event raised.
    """

    subscription: str
    part: int
    subject: str
    attempts: int
    dead: bool
    due: datetime | None
    error: str


class Letter(Struct, frozen=True, kw_only=True):
    """An event that is not done for a subject.

    Args:
        part: the shard it belongs to, from 0.
        error: what it raised; empty when it waits behind an earlier one.
    """

    subscription: str
    part: int
    subject: str
    position: int
    type: str
    stream: str
    version: int
    error: str = ""


class Request(Struct, frozen=True, kw_only=True):
    """What a person asks for one letter.

    Args:
        action: `replay` tries its subject again, from the first letter on; `drop` lets the letter go.
    """

    subscription: str
    part: int
    subject: str
    position: int
    action: Literal["replay", "drop"]


load_parked: Final = msgspec.json.Decoder(ParkedSubject).decode
load_letter: Final = msgspec.json.Decoder(Letter).decode
_load_request: Final = msgspec.json.Decoder(Request).decode
_dump: Final = msgspec.json.Encoder().encode


class Parking:
    """The parked subjects of one part of a subscription; what it says is to be written changes them.

    Args:
        store: where they are kept, the one with the checkpoint.
        subscription: its name.
        part: the shard, from 0.
    """

    def __init__(self, store: Store, subscription: str, part: int, policy: Policy, clock: Clock) -> None:
        self.subjects: dict[str, ParkedSubject] = {}
        self._dues: dict[str, datetime] = {}  # of those that are tried again, which may be few
        self._unwritten: dict[str, ParkedSubject | None] = {}  # what was kept of those that are changed
        self._store = store
        self._subscription = subscription
        self._part = part
        self._policy = policy
        self._clock = clock

    async def load(self) -> None:
        """Read again what is kept."""
        self.subjects, self._dues, self._unwritten = {}, {}, {}
        last = begin = f"{self._subscription}/"
        while page := await self._store.scan(PARKED, after=last, limit=_PAGE):
            for parked in (load_parked(row) for key, row in page if key.startswith(begin)):
                if (parked.subscription, parked.part) == (self._subscription, self._part):
                    self._keep(parked)
            last = page[-1][0]
            if len(page) < _PAGE or not last.startswith(begin):
                return
            await asyncio.sleep(0)  # an embedded store answers without letting others run

    def written(self) -> None:
        """Note that what was to be written is."""
        self._unwritten.clear()

    def take_back(self) -> None:
        """Go back to what was written last: there may be too many to read all of them again."""
        for subject, kept in self._unwritten.items():
            self._let_go(subject) if kept is None else self._keep(kept)
        self._unwritten.clear()

    def writes(self, failures: Sequence[Failure]) -> list[Write]:
        """Keep *failures* as letters, and park their subjects unless the policy is to skip."""
        if not failures:
            return []
        letters: dict[str, bytes] = {}
        parked: dict[str, bytes] = {}
        for failure in failures:
            letter = self._letter(failure)
            letters[letter_key(letter)] = _dump(letter)
            if failure.error is not None and self._policy.failing is Failing.PARK:
                subject = self.parked(failure.subject, 1, failure.error)
                self._change(subject.subject)
                self._keep(subject)
                parked[subject_key(self._subscription, failure.subject)] = _dump(subject)
        writes: list[Write] = [Put(table=LETTERS, rows=letters)]
        return [*writes, Put(table=PARKED, rows=parked)] if parked else writes

    def parked(self, subject: str, attempts: int, error: BaseException) -> ParkedSubject:
        """A subject whose first event failed *attempts* times."""
        retry = _FOR_NEWER_CODE if isinstance(error, _OF_NEWER_CODE) else self._policy.retry
        pause_s = retry.pause_s(attempts, error)
        return ParkedSubject(
            subscription=self._subscription,
            part=self._part,
            subject=subject,
            attempts=attempts,
            dead=pause_s is None,
            due=None if pause_s is None else self._clock.now() + timedelta(seconds=pause_s),
            error=error_text(error),
        )

    def due_in(self) -> timedelta | None:
        """How long it is until the next subject is due; None when none ever is."""
        return min(self._dues.values()) - self._clock.now() if self._dues else None

    def due(self) -> list[str]:
        """The subjects whose time has come, the longest due first.

        One that is due later than any pause lasts was parked by a clock that was set back, or by another: it is due.
        """
        now, most = self._clock.now(), max(self._policy.retry.most, _FOR_NEWER_CODE.most)
        return [
            name for _, name in sorted((at, name) for name, at in self._dues.items() if at <= now or at - now > most)
        ]

    def failed(self, subject: str, error: BaseException) -> Put:
        """Note that the first event of *subject* failed again."""
        attempts = self.subjects[subject].attempts + 1 if subject in self.subjects else 1
        parked = self.parked(subject, attempts, error)
        self._change(subject)
        self._keep(parked)
        return Put(table=PARKED, rows={subject_key(self._subscription, subject): _dump(parked)})

    def freed(self, subject: str) -> Delete:
        """Note that nothing of *subject* waits any more."""
        self._change(subject)
        self._let_go(subject)
        return Delete(table=PARKED, keys=[subject_key(self._subscription, subject)])

    async def letters(self, subject: str, limit: int) -> list[Letter]:
        """The first letters of *subject*, in order."""
        where = (of_subscription(self._subscription), Where("subject", Compare.EQUAL, subject))
        page = await self._store.select(LETTERS, Selection(where=where, order_by=("position",), limit=limit))
        return [load_letter(row) for row in page]

    async def requests(self) -> list[Request]:
        """What people ask for this part."""
        begin = f"{self._subscription}/"
        page = await self._store.scan(REQUESTS, after=begin, limit=_PAGE)
        of = [_load_request(row) for key, row in page if key.startswith(begin)]
        ours = [one for one in of if (one.subscription, one.part) == (self._subscription, self._part)]
        if len(of) < _PAGE or len(ours) == _PAGE:
            return ours
        rows = await self._store.select(REQUESTS, Selection(where=self._ours(), limit=_PAGE))  # many, of several parts
        return [_load_request(row) for row in rows]

    async def asked_for(self, request: Request) -> list[Letter]:
        """The letter that *request* is about, if it is still there."""
        key = letter_key(request)
        return [load_letter(row) for row in (await self._store.get(LETTERS, [key])).values()]

    def _change(self, subject: str) -> None:
        self._unwritten.setdefault(subject, self.subjects.get(subject))

    def _let_go(self, subject: str) -> None:
        self.subjects.pop(subject, None)
        self._dues.pop(subject, None)

    def _keep(self, parked: ParkedSubject) -> None:
        self.subjects[parked.subject] = parked
        self._dues.pop(parked.subject, None)
        if parked.due is not None:
            self._dues[parked.subject] = parked.due

    def _ours(self) -> tuple[Where, ...]:
        return (of_subscription(self._subscription), Where("part", Compare.EQUAL, self._part))

    def _letter(self, failure: Failure) -> Letter:
        event = failure.event
        return Letter(
            subscription=self._subscription,
            part=self._part,
            subject=failure.subject,
            position=event.position,
            type=event.type,
            stream=event.stream,
            version=event.version,
            error="" if failure.error is None else error_text(failure.error),
        )


def error_text(error: BaseException) -> str:
    """What *error* says, short enough to keep, without what no store can hold; its class alone if it cannot say it."""
    if isinstance(error, Unkeyed):
        return error_text(error.error)
    try:
        said = str(error)[:_ERROR_CHARACTERS]
    except Exception as mute:  # noqa: BLE001 - its class says enough, and what tells of errors may not raise
        said = f"(its text cannot be had: {type(mute).__name__})"
    name = type(error).__name__.lstrip("_")
    text = f"{name}: {said}".replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    return text[:_ERROR_CHARACTERS]


def of_subscription(subscription: str) -> Where:
    """The condition that a row is one of *subscription*."""
    return Where("subscription", Compare.EQUAL, subscription)


async def selected(store: Store, table: Table, selection: Selection) -> Sequence[bytes]:
    """Rows of one of these tables; none when no worker has been here yet."""
    try:
        return await store.select(table, selection)
    except TableMissing:
        return ()


def subject_key(subscription: str, subject: str) -> str:
    """The key of a parked subject's row."""
    return f"{subscription}/{blake2b(subject.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


def letter_key(letter: Letter | Request) -> str:
    """The key of a letter's row."""
    return letter_place(letter.subscription, letter.subject, letter.position)


def request_key(request: Request) -> str:
    """The key of a request's row: who answers one has not answered another for the same letter."""
    return f"{letter_key(request)}/{request.action}"


def letter_place(subscription: str, subject: str, position: int) -> str:
    """The same, of the event at *position* where it is kept for *subject*."""
    return f"{subject_key(subscription, subject)}/{position:019d}"
