"""Following a log: claims, checkpoints, read models that are waited for."""

from __future__ import annotations

from leftfold.errors.root import LeftfoldError

__all__ = [
    "CheckpointMismatch",
    "Fenced",
    "NoWorker",
    "NotAnswered",
    "NotAtHead",
    "NotCaughtUp",
    "Overtaken",
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

    Nothing was done. Rebuild what follows (`leftfold rebuild NAME`), or give it the log it has followed.
    """

    def __init__(self, name: str, position: int, head: int) -> None:
        self.name = name
        self.position = position
        self.head = head
        super().__init__(
            f"checkpoint {name!r} is at position {position}, and the log, which ends at {head}, does not hold the "
            "event that was there: it is an older copy or another log. Build what follows it anew: `leftfold rebuild`"
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


class NoWorker(LeftfoldError):
    """Nobody follows the log for a projection, so waiting for it would never end.

    Args:
        note: why the last one stopped; None when it left no reason.
    """

    def __init__(self, projection: str, note: str | None = None) -> None:
        self.projection = projection
        self.note = note
        why = f" ({note})" if note else ""
        super().__init__(
            f"no worker follows for projection {projection!r}{why}. Run `leftfold work`, or App(workers=True)"
        )


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
