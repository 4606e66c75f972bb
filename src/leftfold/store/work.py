"""The part of the port that keeps work: what has to go on, when it is due, and who does it now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol, TypeAlias

from msgspec import Struct

__all__ = ["AT_ONCE", "KEEP", "Begin", "End", "Hold", "Keep", "Revise", "Wake", "WorkItem", "WorkItems", "WorkWrite"]

AT_ONCE: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""A moment that has passed by every clock."""


class Hold(Struct, frozen=True):
    """Nobody else may go on with it until the lease ends, by the database's clock.

    Args:
        owner: told to whoever asks; unlike every other.
        lease_s: seconds from now, above 0.
    """

    owner: str
    lease_s: float


Wake: TypeAlias = datetime | Hold | None
"""When a work item is due: at a moment, and as of the write when it has passed; when a lease has ended; or never."""


class Keep(Struct, frozen=True):
    """Whoever holds it holds it still, and it is due when it was: a write costs least where neither changes."""


KEEP: Final = Keep()
"""The only one."""


class WorkItem(Struct, frozen=True, kw_only=True):
    """Something that goes on over time: an instance of a saga or process, a command on its way.

    New work, a due retry, a due timer and a dead worker are one thing: *wake_at* has passed.

    Args:
        id: unique in the store; text of at most `MAX_NAME_BYTES` UTF-8 bytes.
        queue: who can go on with it: kind, name and version of its definition.
        status: how it stands, one word; for lists.
        state: a JSON object that only its definition reads.
        token: changes with each claim and each write, and grows; whoever writes shows the one that was read.
        owner: who holds it; None when nobody does.
        wake_at: since when it is due or when it will be, or when the lease of *owner* ends; None for never.
        created_at: by the database's clock, like *changed_at*; one moment for all that a transaction writes, unless it
            writes an item twice.
        changed_at: when it was claimed or written last.
        held: whether the lease of *owner* still ran when it was read, by the database's clock.
    """

    id: str
    queue: str
    status: str
    state: bytes
    token: int
    owner: str | None
    wake_at: datetime | None
    created_at: datetime
    changed_at: datetime
    held: bool = False


class Begin(Struct, frozen=True, kw_only=True):
    """Write a work item that must not be there yet; `KeyTaken` (table `work`) when its id is.

    Its token is 1. What cannot be stored is `InvalidInput`; a state that is no JSON object, `InvalidPayload`.

    Args:
        wake: when it is due; `AT_ONCE` for now.
        unless_there: when its id is there already, leave that one as it is and go on with the transaction.
    """

    id: str
    queue: str
    status: str
    state: bytes
    wake: Wake
    unless_there: bool = False


class Revise(Struct, frozen=True, kw_only=True):
    """Write a work item anew; `Fenced` unless *token* is the one it has. Its token is one higher afterwards.

    Args:
        wake: when it is due; a `Hold` holds it, `KEEP` leaves it to whoever has it, everything else lets go of it.
        queue: another one, None for the one it has.
        was: the status that it has, as whoever writes it knows; spares the store a look, and changes nothing else.
        owner: who holds it, as whoever writes it knows: by it, and by a state that is new, a store may know a write
            again to which it heard no answer.
    """

    id: str
    token: int
    status: str
    state: bytes
    wake: Wake | Keep
    queue: str | None = None
    was: str | None = None
    owner: str | None = None


class End(Struct, frozen=True, kw_only=True):
    """Delete a work item; `Fenced` unless *token* is the one it has."""

    id: str
    token: int


WorkWrite: TypeAlias = Begin | Revise | End


class WorkItems(Protocol):
    """Work items, as of what is committed; `Transacting.transact` writes them.

    A lease only says who should work; the token is what keeps two from writing. All methods may raise
    `StoreUnavailable` and `StoreClosed`.
    """

    async def claim_due(
        self, queues: Collection[str], owner: str, lease_s: float, limit: int = 32
    ) -> Sequence[WorkItem]:
        """Claim at most *limit* items of *queues* that are due, the longest due first, each with a new token.

        Of those due since the same moment, the one whose id is first by code points comes first. Two who claim at the
        same time never get the same item, and neither waits for the other. It costs nothing for items that sleep, nor
        for those of other queues.

        Args:
            owner: whose they are until the lease ends; unlike every other.
            lease_s: seconds by the database's clock, above 0.

        Raises:
            InvalidInput: a name cannot be stored, the lease is none, or *limit* is below 1.
        """
        ...

    async def extend(self, held: Mapping[str, int], owner: str, lease_s: float) -> Collection[str]:
        """Extend the leases of *held* items to *lease_s* seconds from now, and tell which of them *owner* holds still.

        Args:
            held: the least token that each has; a lease survives writes of its owner, and ends with anybody else's.

        Raises:
            InvalidInput: *owner* cannot be stored, or the lease is none.
        """
        ...

    async def work(self, ids: Collection[str]) -> Mapping[str, WorkItem]:
        """The items with these ids; ids without an item are left out."""
        ...

    async def find_work(
        self, *, queues: str = "", statuses: Collection[str] = (), after: str = "", limit: int = 500
    ) -> Sequence[WorkItem]:
        """At most *limit* items whose queue begins with *queues*, by the code points of their ids, above *after*.

        There are fewer only where there are no more.

        Args:
            statuses: only those; empty for all.

        Raises:
            InvalidQuery: a limit below 1.
        """
        ...

    async def count_work(self, queues: str = "") -> Mapping[tuple[str, str], int]:
        """How many items there are of each queue, which begins with *queues*, and status."""
        ...

    async def await_work(self, queues: Collection[str], timeout: float) -> None:
        """Wait until an item of *queues* may be due, or *timeout* seconds have passed.

        It returns at once when one is due. What this process writes wakes it at once, and so does what another one
        writes where the database can tell; whatever else becomes due wakes it within a second. While nothing happens
        it asks the database at most once a second.
        """
        ...
