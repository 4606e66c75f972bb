"""Trying parked subjects again: when their time has come, or when somebody asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from typing import Final

from leftfold.errors import Fenced, Overtaken
from leftfold.messages.recorded import RecordedEvent
from leftfold.store.transaction import Delete, Write
from leftfold.subscriptions.blaming import ends_task, running_task
from leftfold.subscriptions.consumer import Consumer
from leftfold.subscriptions.parking import LETTERS, REQUESTS, Letter, Parking, Request, letter_key, request_key
from leftfold.subscriptions.subscription import Source

__all__ = ["Retrying"]

_PAGE: Final = 50
_ASK_EVERY_S: Final = 1.0
_DUE_S: Final = 1.0
_SHORTEST_S: Final = 0.01
_TRIES: Final = 20


class Retrying:
    """Works off letters, one after another in the order of their subject.

    Args:
        parking: whose subjects.
        consumer: what the events are handed to.
        source: where they are read.
        write: writes in the transaction that shows the claim.
    """

    def __init__(
        self,
        parking: Parking,
        consumer: Consumer,
        source: Source,
        write: Callable[[Sequence[Write]], Awaitable[None]],
    ) -> None:
        self._parking = parking
        self._consumer = consumer
        self._source = source
        self._write = write
        self._ask_at = 0.0
        self._asked = False

    def wait_s(self, most: float) -> float:
        """Seconds until there may be something to do."""
        if self._asked:
            return min(_SHORTEST_S, most)
        due_in = self._parking.due_in()
        return most if due_in is None else min(max(due_in.total_seconds(), _SHORTEST_S), most)

    async def turn(self, *, asked: bool) -> None:
        """Try what is due, and every second what was asked for, about a second long at most each.

        What takes longer than that waits for the next turn, so that events of others are handled in between.

        Args:
            asked: look for requests although nothing is parked, for letters that were skipped.
        """
        time = asyncio.get_running_loop().time
        end = time() + _DUE_S
        for subject in self._parking.due():
            await self._work_off(subject)
            if time() >= end:
                break
        now = time()
        if self._asked or ((asked or self._parking.subjects) and now >= self._ask_at):
            self._ask_at = now + _ASK_EVERY_S
            requests = await self._parking.requests()
            self._asked = bool(requests)
            await self._answer(requests, now + _DUE_S)

    async def _answer(self, requests: Sequence[Request], end: float) -> None:
        """Drop first, then try again until *end*; a request is gone when what it asks for is done."""
        dropped = [letter_key(one) for one in requests if one.action == "drop"]
        if dropped:
            await self._write([Delete(table=LETTERS, keys=dropped)])
        of: dict[str, list[Request]] = {}
        for one in requests:
            of.setdefault(one.subject, []).append(one)
        answered: list[str] = []
        for subject, asked in of.items():
            if subject in self._parking.subjects:
                await self._work_off(subject)
            else:
                for one in (one for one in asked if one.action == "replay"):
                    await self._try(subject, await self._parking.asked_for(one))
            answered += map(request_key, asked)
            if asyncio.get_running_loop().time() >= end:
                break
        if answered:
            await self._write([Delete(table=REQUESTS, keys=answered)])

    async def _work_off(self, subject: str) -> None:
        """Handle the letters of *subject* until one fails or none is left."""
        while letters := await self._parking.letters(subject, _PAGE):
            if not await self._try(subject, letters):
                return
        await self._consumed(subject, (), self._parking.freed(subject))

    async def _try(self, subject: str, letters: Sequence[Letter]) -> bool:
        task = running_task()
        for letter in letters:
            try:
                failed = await self._handed_in(subject, letter)
            except (Fenced, Overtaken):
                raise
            except BaseException as error:  # a row that cannot be written fails its event like a fold
                if ends_task(error, task):
                    raise
                self._consumer.forget()
                failed = error
            if failed is None:
                continue
            if subject in self._parking.subjects:
                await self._write([self._parking.failed(subject, failed)])
            return False
        return True

    async def _handed_in(self, subject: str, letter: Letter) -> BaseException | None:
        """Hand the event of *letter* in, and drop the letter; what it raised, when it failed again."""
        page = await self._source.store.read_log(after=letter.position - 1, limit=1)
        events = [
            event for stored in page.events for event in self._source.events.recorded(stored, self._consumer.events)
        ]
        return await self._consumed(subject, events, Delete(table=LETTERS, keys=[letter_key(letter)]))

    async def _consumed(
        self, subject: str, events: Sequence[RecordedEvent[object]], done: Write
    ) -> BaseException | None:
        """Hand *events* in, and write *done* with what comes of them; what was raised, when it failed."""
        for tries in range(1, _TRIES + 1):
            outcome = await self._consumer.consume(events, _AllBut(self._parking.subjects, subject), subject)
            failed = next((failure.error for failure in outcome.failures if failure.error is not None), None)
            if failed is not None:
                return failed
            try:
                await self._write([*outcome.writes, done])
            except Overtaken:
                self._consumer.forget()
                if tries == _TRIES:
                    raise
            else:
                break
        return None


class _AllBut(Container[str]):
    """Some subjects without one of them; there may be too many to copy them for each try."""

    def __init__(self, subjects: Mapping[str, object], one: str) -> None:
        self._subjects = subjects
        self._one = one

    def __contains__(self, subject: object) -> bool:
        return subject != self._one and subject in self._subjects
