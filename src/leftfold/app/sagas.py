"""The sagas of a whole app, for whoever looks at them, waits for them, or mends them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import TypeAlias

from leftfold.app.running import Running
from leftfold.errors import InvalidInput, InvalidQuery
from leftfold.messages.message import declaration_in
from leftfold.processes.checking import SagaFinding, saga_findings
from leftfold.processes.instances import SagaInstances
from leftfold.processes.intervening import Verb
from leftfold.processes.migrating import Migrated, migrated
from leftfold.processes.saga import Saga
from leftfold.processes.saga_view import SagaView
from leftfold.store.checks import check_moment, check_note, check_timeout

__all__ = ["SagaName", "Sagas"]

SagaName: TypeAlias = str | type[Saga]
"""A saga: its class, its name, or its name behind that of its context: `shop.PlaceOrder`."""


class Sagas:
    """Looks at the sagas of an open app, and does what people decide.

    What people do is noted in the saga's journal with who and why, and carried out by whoever carries sagas on.

    Args:
        running: the contexts, by name.
    """

    def __init__(self, running: Mapping[str, Running]) -> None:
        self._running = running

    async def show(self, saga: SagaName, id: str) -> SagaView:
        """An instance as it stands.

        Raises:
            UnknownInstance: there is none.
            InvalidQuery: no context here has such a saga.
        """
        instances, name = self._of(saga)
        return await instances.show(name, id)

    async def find(self, saga: SagaName | None = None, *, statuses: Collection[str] = ()) -> AsyncIterator[SagaView]:
        """Every instance of a saga, or of all; those of one context by saga and id.

        Args:
            statuses: only those; see `SagaView`.

        Raises:
            InvalidQuery: there is no such status, or see `show`.
        """
        for instances, name in self._places(saga):
            async for view in instances.find(name, statuses):
                yield view

    async def count(self, saga: SagaName | None = None) -> Mapping[str, int]:
        """How many instances of a saga there are, or of all, by status; none of them is read.

        Raises:
            InvalidQuery: see `show`.
        """
        found: Counter[str] = Counter()
        for instances, name in self._places(saga):
            found.update(await instances.count(name))
        return dict(found)

    async def ended(self, saga: SagaName, id: str, *, timeout: float = 30.0) -> SagaView:
        """Wait until an instance has ended: *completed*, *compensated* or *stuck*.

        Raises:
            NotEnded: it had not when *timeout* seconds were over; it goes on.
            UnknownInstance, InvalidQuery: see `show`; the latter as well when *timeout* is no number.
        """
        check_timeout(timeout)
        instances, name = self._of(saga)
        return await instances.ended(name, id, timeout)

    async def retry(self, saga: SagaName, id: str, *, who: str, why: str, step: str | None = None) -> SagaView:
        """Have what is parked tried again, as often as at first.

        A command that it sends and that was refused is sent with another id, since it was not carried out.

        Args:
            who: wants it.
            why: in their words.
            step: only this one; everything that is parked when left out.

        Raises:
            InvalidInput: *who* or *why* is no text, or an empty one.
            NotPossible: nothing of that is parked.
            UnreadableState: this code cannot read the instance.
            UnknownInstance, InvalidQuery: see `show`.
        """
        return await self._intervene(saga, id, Verb(name="retry", who=who, why=why, step=step))

    async def skip(self, saga: SagaName, id: str, *, who: str, why: str, step: str | None = None) -> SagaView:
        """Go on without what is parked: a step that is not to be done, an undo that is not needed; see `retry`."""
        return await self._intervene(saga, id, Verb(name="skip", who=who, why=why, step=step))

    async def resolve(
        self, saga: SagaName, id: str, *, who: str, why: str, step: str | None = None, result: bytes | None = None
    ) -> SagaView:
        """Take what is parked as done by hand; see `retry`.

        Args:
            result: what the step returned, as JSON text; null when left out.

        Raises:
            NotPossible: the step returns no such thing, or see `retry`.
        """
        return await self._intervene(saga, id, Verb(name="resolve", who=who, why=why, step=step, result=result))

    async def abort(self, saga: SagaName, id: str, *, who: str, why: str) -> SagaView:
        """Undo an instance from where it stands; one that is undone already is left as it is.

        Raises:
            InvalidInput: *who* or *why* is no text, or an empty one.
            NotPossible: its pivot is done, or may be.
        """
        return await self._intervene(saga, id, Verb(name="abort", who=who, why=why))

    async def check(self) -> Sequence[SagaFinding]:
        """What keeps instances from being carried on by this code: versions it has not, steps it has otherwise."""
        return [
            finding
            for running in self._running.values()
            async for finding in saga_findings(running.sagas.definitions, running.store, running.name)
        ]

    async def migrate(self, saga: SagaName, *, try_only: bool = False) -> AsyncIterator[Migrated]:
        """Bring instances of a saga to newer versions, by the functions that `Context.migrates` has registered.

        Each is a commit of its own, from the oldest version up; one that does not fit stays as it is, with the reason.

        Args:
            try_only: change nothing, and tell what would be done.

        Raises:
            InvalidQuery: see `show`.
        """
        _, name = self._of(saga)
        for running in self._running.values():
            known = {one.cls: one for one in running.sagas.definitions.values() if one.name == name}
            migrations = [one for one in running.assembly.context.saga_migrations if one.old in known]
            for migration in sorted(migrations, key=lambda one: known[one.old].version):
                async for one in migrated(running.store, known, migration, try_only=try_only):
                    yield one

    async def forget(
        self, saga: SagaName | None = None, *, before: datetime, try_only: bool = False
    ) -> AsyncIterator[SagaView]:
        """Delete instances that were completed or undone before a moment, with all that is known of them.

        One that is stuck stays, and a child whose parent has not ended. An id that was forgotten begins anew when it is
        started again: keep an instance for as long as somebody may repeat its start.

        Args:
            saga: only its instances; those of all sagas when left out.
            before: when they ended, or were changed last, at the latest; with a zone.
            try_only: delete nothing, and tell what would be.

        Raises:
            InvalidQuery: *before* has no zone, or see `show`.
        """
        moment = check_moment(before)
        for instances, name in self._places(saga):
            async for view in instances.forget(name, moment, try_only=try_only):
                yield view

    async def _intervene(self, saga: SagaName, id: str, verb: Verb) -> SagaView:
        check_note(verb.who, verb.why)
        _check_given("step", verb.step, str)
        _check_given("result", verb.result, bytes)
        instances, name = self._of(saga)
        return await instances.intervene(name, id, verb)

    def _places(self, saga: SagaName | None) -> Sequence[tuple[SagaInstances, str]]:
        """Where a saga is, or all of them, and its name."""
        return [self._of(saga)] if saga is not None else [(one.sagas, "") for one in self._running.values()]

    def _of(self, saga: SagaName) -> tuple[SagaInstances, str]:
        if isinstance(saga, type):
            here = [running.sagas for running in self._running.values() if running.sagas.knows(saga)]
            if len(here) == 1:
                return here[0], here[0].definition_of(saga).name
        every = [
            (one, running.sagas) for running in self._running.values() for one in running.sagas.definitions.values()
        ]
        known = {definition.name: instances for definition, instances in every}
        declared = declaration_in(saga) if isinstance(saga, type) else None
        wanted = declared.name if declared is not None else saga if isinstance(saga, str) else repr(saga)
        found = [definition.name for definition, _ in every if definition.cls is saga]
        found = found or [name for name in known if wanted in (name, name.partition(".")[2])]
        if len(found) != 1:
            near = found or get_close_matches(wanted, known, n=3) or list(known)
            raise InvalidQuery(
                f"{len(found) or 'no'} sagas are called {wanted!r:.80}; there is {', '.join(near) or 'none'}"
            )
        return known[found[0]], found[0]


def _check_given(word: str, given: object, wanted: type) -> None:
    if given is not None and not isinstance(given, wanted):
        raise InvalidInput(f"{word}={given!r:.80}: give {wanted.__name__}, or leave it out")
