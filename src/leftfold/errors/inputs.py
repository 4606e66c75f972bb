"""What was handed in cannot be stored."""

from __future__ import annotations

from leftfold.errors.root import LeftfoldError

__all__ = [
    "InvalidAppend",
    "InvalidInput",
    "InvalidPayload",
    "InvalidQuery",
    "InvalidStoreUrl",
    "InvalidStreamName",
    "InvalidTag",
    "TooLarge",
]


class InvalidInput(LeftfoldError, ValueError):
    """What was handed in cannot be stored; nothing was."""


class InvalidStreamName(InvalidInput):
    """A stream name is empty, too long, or holds NUL or a lone surrogate."""

    def __init__(self, stream: str, reason: str) -> None:
        self.stream = stream
        self.reason = reason
        super().__init__(f"stream name {stream!r:.80}: {reason}")


class InvalidTag(InvalidInput):
    """A tag is empty, too long, or holds NUL or a lone surrogate."""

    def __init__(self, tag: str, reason: str) -> None:
        self.tag = tag
        self.reason = reason
        super().__init__(f"tag {tag!r:.80}: {reason}")


class InvalidQuery(InvalidInput):
    """A read or an append condition asks for something that cannot be answered."""


class InvalidAppend(InvalidInput):
    """An append has no events, or names an id or a stream twice."""


class InvalidPayload(InvalidInput):
    """A value cannot be written as the JSON every store keeps, or bytes are not such JSON."""

    def __init__(self, what: str, reason: str) -> None:
        self.what = what
        self.reason = reason
        super().__init__(f"{what}: {reason}")


class TooLarge(InvalidInput):
    """Something is above a named limit; the message names it."""

    def __init__(self, what: str, size: int, limit: int, name: str) -> None:
        self.what = what
        self.size = size
        self.limit = limit
        self.name = name
        super().__init__(f"{what} is {size:,}; {name} allows {limit:,}. Split it, or keep large content elsewhere.")


class InvalidStoreUrl(InvalidInput):
    """A store URL is not of a form this installation can open."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"store URL {url!r}: {reason}")
