"""What people call a projection, reaction or process: as `leftfold projections` prints it, or shorter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, cast

from msgspec import Struct
from msgspec.structs import replace

from leftfold.app.running import Running
from leftfold.errors import InvalidQuery

__all__ = ["NamedFollower", "called", "named_followers", "process_names", "those_called", "without_context"]

_PROCESS: Final = "process:"


class NamedFollower(Struct, frozen=True):
    """Something that follows a log for a context, and what it is called there.

    Args:
        name: without the context before it.
        subscriptions: its own, as they are printed; of a projection one for each generation that is not retired.
        shorter: other names that it answers to, when nothing has one of them as its own.
        projection: whether it is one.
    """

    running: Running
    name: str
    subscriptions: Sequence[str]
    shorter: frozenset[str]
    projection: bool = False

    def title(self, *, several: bool) -> str:
        """Its name, behind its context when there are *several*."""
        return f"{self.running.name}/{self.name}" if several else self.name


async def named_followers(contexts: Mapping[str, Running]) -> Sequence[NamedFollower]:
    """All of an app, context by context."""
    return [one for running in contexts.values() for one in await _of(running)]


def called(wanted: str, known: Sequence[NamedFollower]) -> Sequence[NamedFollower]:
    """Everything among *known* that *wanted* may mean; see `those_called`."""
    own = [found for one in known if (found := _by_own_name(one, wanted)) is not None]
    return own or [one for one in known if without_context(wanted, one.running.name) in one.shorter]


def those_called(wanted: str, known: Sequence[NamedFollower], what: str) -> Sequence[NamedFollower]:
    """What is meant by *wanted*: one of *known*, or the logs that one process follows.

    A name may have its context before it, as `library/loans`. A projection may have its version and generation behind
    it, and is returned with that generation alone. A process may be called `process:members.watch<library`, with
    less behind it or before it, down to `watch`.

    Args:
        what: they are, for errors.

    Raises:
        InvalidQuery: nothing is called so, or something in several contexts.
    """
    if not isinstance(cast("object", wanted), str):
        raise InvalidQuery(f"{wanted!r:.80} is no name of a {what}; give a text, as `leftfold projections` prints it")
    found = called(wanted, known)
    several = len({one.running.name for one in known}) > 1
    if len({one.running.name for one in found}) > 1:
        titles = ", ".join(one.title(several=True) for one in found)
        raise InvalidQuery(f"{wanted!r:.80} is in several contexts; give one of {titles}")
    if not found:
        names = list(dict.fromkeys(name for one in known for name in _offered(one, wanted, several=several)))
        near = get_close_matches(wanted, names, n=3) or names
        raise InvalidQuery(f"there is no {what} {wanted!r:.80}; there is {', '.join(near) or 'none'}")
    return found


def process_names(process: str, sources: Collection[str] = ()) -> frozenset[str]:
    """What a process answers to.

    Args:
        process: its name, behind the name of its context and a dot.
        sources: names of contexts whose logs it follows.
    """
    names = {process, f"{_PROCESS}{process}", process.partition(".")[2]}
    return frozenset(names | {f"{name}<{source}" for name in names for source in sources})


def without_context(wanted: str, context: str) -> str:
    """*wanted* as it is called in *context*, which may be named before it."""
    return wanted.removeprefix(f"{context}/")


async def _of(running: Running) -> Sequence[NamedFollower]:
    found: list[NamedFollower] = []
    for name, follower in running.followers.items():
        generations = [one.subscription for one in await follower.generations.all() if one.state != "retired"]
        ids = frozenset((follower.projection.id,))
        found.append(NamedFollower(running, name, generations, ids, projection=True))
    processes = running.coordination.processes if running.coordination is not None else ()
    shorter = {
        following.subscription.name: process_names(process.name, (following.source,))
        for process in processes
        for following in process.follows
    }
    names = [one.name for one in running.reactions]
    return [*found, *(NamedFollower(running, name, (name,), shorter.get(name, frozenset())) for name in names)]


def _by_own_name(one: NamedFollower, wanted: str) -> NamedFollower | None:
    name = without_context(wanted, one.running.name)
    if name in one.subscriptions:
        return replace(one, subscriptions=(name,))
    return one if name == one.name else None


def _offered(one: NamedFollower, wanted: str, *, several: bool) -> Sequence[str]:
    if "@" not in wanted or not one.projection:
        return (one.title(several=several),)
    return [replace(one, name=name).title(several=several) for name in one.subscriptions]
