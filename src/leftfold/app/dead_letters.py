"""Events that followers could not handle, of a whole app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Literal, cast

from msgspec import Struct
from msgspec.structs import replace

from leftfold.app.follower_names import named_followers, those_called
from leftfold.app.running import Running
from leftfold.errors import InvalidQuery
from leftfold.store.checks import check_timeout
from leftfold.store.events import StoredEvent
from leftfold.store.port import Store
from leftfold.subscriptions.letters import DeadLetter, ask, letters_at, letters_left, letters_of, wait_until_answered

__all__ = ["DeadLetters"]

_MOST_DIGITS: Final = 19


class _Place(Struct, frozen=True):
    context: str
    subscription: str
    source: Store
    target: Store


class DeadLetters:
    """Looks at the dead letters of an open app, and asks whoever follows to replay or drop them.

    Args:
        running: the contexts, by name.
    """

    def __init__(self, running: Mapping[str, Running]) -> None:
        self._running = running

    async def all(self, name: str | None = None) -> AsyncIterator[DeadLetter]:
        """Every letter, those of a subject one after another in their order.

        Args:
            name: of a projection, reaction or process, as `leftfold projections` prints it or shorter; all when left
                out.

        Raises:
            InvalidQuery: nothing here has this name, or something in several contexts.
        """
        for place in await self._places(name):
            async for letter in letters_of(place.target, place.subscription):
                yield replace(letter, context=place.context)

    async def find(self, id: str) -> DeadLetter:
        """The letter of that id; raises `InvalidQuery` when it is not there, or no more."""
        letter, _ = await self._find(id)
        return letter

    async def event(self, letter: DeadLetter) -> StoredEvent | None:
        """The event that *letter* is about; None when the log does not hold it."""
        _check_letter(letter, "event")
        _, place = await self._find(letter.id)
        page = await place.source.read_log(after=letter.position - 1, limit=1)
        return next((event for event in page.events if event.position == letter.position), None)

    async def replay(self, *letters: DeadLetter, timeout: float = 30.0) -> Sequence[DeadLetter]:
        """Have the subjects of *letters* tried again, each from its first letter on, and wait until that is done.

        Args:
            timeout: seconds to wait at most.

        Returns:
            Those that are still there, with what they raised now.

        Raises:
            InvalidQuery: one of *letters* is no letter but an id, for instance (see `find`), or *timeout* no number.
            NoWorker: nobody follows.
            NotAnswered: it was not done when the time was over; it is still asked for.
        """
        return await self._ask(letters, "replay", timeout)

    async def drop(self, *letters: DeadLetter, timeout: float = 30.0) -> None:
        """Let go of *letters*; what waited behind them is tried. It waits, and raises, as `replay` does."""
        await self._ask(letters, "drop", timeout)

    async def _ask(
        self, letters: Sequence[DeadLetter], action: Literal["replay", "drop"], timeout_s: float
    ) -> list[DeadLetter]:
        for one in letters:
            _check_letter(one, action)
        check_timeout(timeout_s)
        left: list[DeadLetter] = []
        for context in dict.fromkeys(one.context for one in letters):
            ours, store = [one for one in letters if one.context == context], self._running[context].store
            await self._running[context].working.ready()  # its own workers may only just have begun
            await ask(store, ours, action)
            await wait_until_answered(store, ours, action, timeout_s)
            left += [replace(now, context=context) for now in await letters_left(store, ours)]
        return left

    async def _find(self, id: str) -> tuple[DeadLetter, _Place]:
        position = id.partition("-")[0] if isinstance(cast("object", id), str) else ""
        if position.isdecimal() and position.isascii() and len(position) < _MOST_DIGITS:
            for place in await self._places(None):
                for letter in await letters_at(place.target, int(position), place.subscription):
                    if letter.id == id:
                        return replace(letter, context=place.context), place
        raise InvalidQuery(f"there is no dead letter {id!r:.80}; it was handled or dropped, or see: dead-letters list")

    async def _places(self, name: str | None) -> list[_Place]:
        known = await named_followers(self._running)
        chosen = known if name is None else those_called(name, known, "projection, reaction or process")
        places: list[_Place] = []
        for one in chosen:
            sources = self._sources(one.running)
            places += [
                _Place(one.running.name, subscription, sources[one.name], one.running.store)
                for subscription in one.subscriptions
            ]
        return places

    def _sources(self, running: Running) -> Mapping[str, Store]:
        """The logs that are followed for a context, by the name of what follows."""
        projections = {name: follower.source.store for name, follower in running.followers.items()}
        return projections | {one.name: one.source.store for one in running.reactions}


def _check_letter(given: object, action: str) -> None:
    if not isinstance(given, DeadLetter):  # an id, mostly
        raise InvalidQuery(f"{action} takes letters, and {given!r:.80} is none; find it first: `find(id)`")
