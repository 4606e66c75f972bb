"""Sagas, processes and what they wait for."""

from __future__ import annotations

from leftfold.errors.root import LeftfoldError

__all__ = ["NotEnded", "NotPossible", "NotSettled", "StepRefused", "UnknownInstance", "UnreadableState"]


class UnreadableState(LeftfoldError):
    """The state of an instance cannot be read by this code; it is kept as it is.

    Deploy code that can read it, then let it be tried again.
    """

    def __init__(self, item: str, queue: str, reason: str) -> None:
        self.item = item
        self.queue = queue
        self.reason = reason
        super().__init__(f"{item!r} of {queue!r} cannot be read by this code, and is kept as it is: {reason}")


class UnknownInstance(LeftfoldError):
    """There is no such instance, or nothing parked under an id. Look at the name, the id, and the store.

    Args:
        item: id of an instance, which is kept when it has ended; or of what is parked.
        parked: whether something parked was looked for.
    """

    def __init__(self, item: str, *, parked: bool = False) -> None:
        self.item = item
        self.parked = parked
        super().__init__(
            f"nothing is parked as {item!r:.200}: it is done or dropped, or never was. "
            "Look at what is: leftfold processes parked"
            if parked
            else f"there is no {item!r} in this store: it has not begun, or was forgotten. Look at what is listed; "
            "`leftfold dead-letters list` has events that failed and would have begun it"
        )


class NotPossible(LeftfoldError):
    """What a person asked for cannot be done as things stand; nothing was changed. The message says what can be."""

    def __init__(self, item: str, verb: str, reason: str) -> None:
        self.item = item
        self.verb = verb
        self.reason = reason
        super().__init__(f"{verb} {item!r}: {reason}")


class NotEnded(LeftfoldError, TimeoutError):
    """An instance had not ended when the time to wait was over; it goes on. Wait again, or look at what it does.

    Args:
        waits: what it waits for; None when it waits for nothing, or nobody knows.
    """

    def __init__(self, item: str, status: str, timeout_s: float, waits: str | None = None) -> None:
        self.item = item
        self.status = status
        self.timeout_s = timeout_s
        self.waits = waits
        super().__init__(
            f"{item!r} is {status} after {timeout_s:g} s, and goes on where a worker runs: `leftfold work`, or "
            f"App(workers=True). {'Wait again, or look at its steps' if waits is None else f'Now {waits}'}"
        )


class NotSettled(LeftfoldError, TimeoutError):
    """Something still went on, or was stopped, when the time to wait was over.

    Args:
        reason: what, and for what is stopped, why.
        advice: what to do.
    """

    def __init__(self, reason: str, timeout_s: float, advice: str = "wait longer, or look at what goes on") -> None:
        self.reason = reason
        self.timeout_s = timeout_s
        super().__init__(f"it was not settled after {timeout_s:g} s: {reason}; {advice}")


class StepRefused(LeftfoldError):
    """A step of a saga that is written as a function was refused: for certain it is not done.

    Catch it to take another way; otherwise the saga is undone.
    """

    def __init__(self, item: str, step: str, reason: str) -> None:
        self.item = item
        self.step = step
        self.reason = reason
        super().__init__(f"step {step!r} was refused: {reason}")
