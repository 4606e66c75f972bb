"""Following a log: claims, checkpoints, read models that are waited for."""

from __future__ import annotations

from leftfold.errors.root import LeftfoldError

__all__ = [
    "CheckpointMismatch",
    "Fenced",
    "KeyParked",
    "NoWorker",
    "NotAnswered",
    "NotAtHead",
    "NotCaughtUp",
    "NotShown",
    "Overtaken",
    "RebuildStopped",
    "RowsKeptOtherwise",
    "ShardMismatch",
]


class Fenced(LeftfoldError):
    """Another has claimed a checkpoint since, or claimed, written or ended a work item; nothing was stored.

    Stop working on it.

    Args:
        name: of the checkpoint, or the id of the work item.
        token: that was shown.
        kind: `checkpoint` or `work item`.
    """

    def __init__(self, name: str, token: int, kind: str = "checkpoint") -> None:
        self.name = name
        self.token = token
        self.kind = kind
        taken = "claimed" if kind == "checkpoint" else "claimed, written or ended"
        super().__init__(
            f"{kind} {name!r:.80} was {taken} by another after token {token}; nothing was stored. Stop working on it"
        )


class ShardMismatch(LeftfoldError):
    """Streams of two shards change one row; nothing was stored.

    Follow with one shard, or choose a key whose events all come from streams of one shard.
    """

    def __init__(self, table: str, shard: int) -> None:
        self.table = table
        self.shard = shard
        super().__init__(
            f"a row of {table!r} that shard {shard} would write belongs to another shard; nothing was stored. Its key "
            "gathers several streams: use shards=1, or a key that follows the stream"
        )


class CheckpointMismatch(LeftfoldError):
    """The log does not hold the event that a checkpoint stands at: a restored backup, or another log.

    Nothing was done. Give it the log it has followed; or build a projection anew (`leftfold rebuild NAME`), and say
    where a reaction or process goes on (`leftfold reset NAME`). `EventStore.follow` is told by `after=`.

    Args:
        name: of the checkpoint; None for who keeps its position itself.
    """

    def __init__(self, name: str | None, position: int, head: int) -> None:
        self.name = name
        self.position = position
        self.head = head
        who = "what follows the log" if name is None else f"checkpoint {name!r}"
        advice = (
            "Say where it goes on: `follow(after=...)`"
            if name is None
            else "Build a projection anew: `leftfold rebuild`; for a reaction or process, say where it goes on: "
            "`leftfold reset`"
        )
        super().__init__(
            f"{who} is at position {position}, and the log, which ends at {head}, does not hold the event that was "
            f"there: it is an older copy or another log. {advice}"
        )


class NotCaughtUp(LeftfoldError, TimeoutError):
    """A read model had not got so far when the time was over; it may soon.

    Args:
        projection: its name.
        wanted: position, or version of *stream*, that was waited for.
        reached: where it was.
        stream: None when positions of the log are meant.
    """

    def __init__(self, projection: str, wanted: int, reached: int, stream: str | None = None) -> None:
        self.projection = projection
        self.wanted = wanted
        self.reached = reached
        self.stream = stream
        what = "position" if stream is None else f"version of stream {stream!r}"
        super().__init__(
            f"projection {projection!r} had reached {what} {reached} when the time was over, not {wanted}. Wait "
            "longer, or see `leftfold projections` for what holds it up"
        )


class KeyParked(LeftfoldError):
    """An event that is waited for is not in the rows: it, or an earlier one of its key, could not be folded.

    Waiting longer does not help. Mend what folds it and replay its letter, or drop that.

    Args:
        projection: its name.
        key: of the row that lacks the event.
        position: of the event, from 1.
        reason: what the first event that waits raised.
    """

    def __init__(self, projection: str, key: str, position: int, reason: str) -> None:
        self.projection = projection
        self.key = key
        self.position = position
        self.reason = reason
        super().__init__(
            f"row {key!r:.80} of projection {projection!r} does not show the event at position {position}: it is "
            f"parked ({reason:.200}). See: leftfold dead-letters list {projection}"
        )


class NotShown(LeftfoldError):
    """What was built is not shown: for some keys it lacks events that the rows shown now have.

    It is kept. Mend what folds the events and rebuild again, which tries them again.

    Args:
        projection: its name.
        keys: those that are parked in what was built, and in what is shown not or later; the first few.
        inline: whether every append writes the rows, so that nobody would hand in later what is parked.
    """

    def __init__(self, projection: str, keys: tuple[str, ...], *, inline: bool = False) -> None:
        self.projection = projection
        self.keys = keys
        self.inline = inline
        names = ", ".join(f"{key!r:.80}" for key in keys)
        anyway = "" if inline else ", or show it without them: --allow-parked"
        super().__init__(
            f"rebuild of {projection!r} is not shown: keys are parked in it that are not in what is shown, or that "
            f"are at later events there ({names}). It is kept. See `leftfold dead-letters list {projection}`, mend "
            f"what folds them and rebuild again{anyway}"
        )


class RebuildStopped(LeftfoldError):
    """A rebuild cannot go on; what was built is kept unless somebody dropped it. Mend the reason and rebuild again.

    Args:
        projection: its name.
        reason: what stopped it.
    """

    def __init__(self, projection: str, reason: str) -> None:
        self.projection = projection
        self.reason = reason
        super().__init__(f"rebuild of {projection!r} stopped: {reason}")


class NoWorker(LeftfoldError):
    """Nobody follows the log for a projection, reaction or process, so waiting for it would never end.

    Args:
        projection: its name.
        note: why the last one stopped; None when it left no reason.
    """

    def __init__(self, projection: str, note: str | None = None) -> None:
        self.projection = projection
        self.note = note
        why = f" ({note})" if note else ""
        super().__init__(f"no worker follows for {projection!r}{why}. Run `leftfold work`, or App(workers=True)")


class NotAnswered(LeftfoldError, TimeoutError):
    """What was asked for dead letters was not done when the time was over; it is still asked for.

    Args:
        follower: whose letters.
        left: of how many.
    """

    def __init__(self, follower: str, left: int) -> None:
        self.follower = follower
        self.left = left
        super().__init__(
            f"{left:,} dead letters of {follower!r} were not done when the time was over. It is still asked for; wait "
            "longer, or see `leftfold projections` for what holds it up"
        )


class NotAtHead(LeftfoldError):
    """The log has grown since; nothing was stored. Catch up and try again."""

    def __init__(self, expected: int, head: int) -> None:
        self.expected = expected
        self.head = head
        super().__init__(f"the log is at position {head}, not at {expected}; nothing was stored")


class Overtaken(LeftfoldError):
    """Work that a follower decided on was changed meanwhile, every time it tried; nothing was stored.

    It is followed on by itself, after a pause.
    """

    def __init__(self, item: str) -> None:
        self.item = item
        super().__init__(
            f"work item {item!r:.80} was changed by others while it was decided on; nothing was stored, and it is "
            "decided on again"
        )


class RowsKeptOtherwise(LeftfoldError):
    """The rows of a projection are written with every append, and this app follows them; or the other way round.

    Nothing is appended, and nothing followed: some events would be folded twice, or not at all. Open the app with
    `inline=` as all others do; or stop them, and build the rows anew with this one.

    Args:
        projection: its name.
        inline: whether every append writes what is shown.
    """

    def __init__(self, projection: str, *, inline: bool) -> None:
        self.projection = projection
        self.inline = inline
        kept, here = "written with every append", "followed"
        if not inline:
            kept, here = here, kept
        super().__init__(
            f"the rows of projection {projection!r} are {kept}, and would be {here} by this app (see inline=), which "
            "appends and follows nothing therefore. Open it as all others are; or stop all others, then run: "
            f"leftfold rebuild {projection}"
        )
