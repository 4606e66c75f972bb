"""What was handed in cannot be stored."""

from __future__ import annotations

from leftfold.errors.root import LeftfoldError

__all__ = [
    "InvalidAppend",
    "InvalidCloudEvent",
    "InvalidFormat",
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


class InvalidCloudEvent(InvalidInput):
    """Something is no CloudEvent: what was read, or what was put together to be written.

    Args:
        attribute: name of the attribute, or `data`; None when it is about the message as a whole.
        reason: what is wrong with it, and what to do.
        index: place in the batch, counted from 0; None outside a batch.
    """

    def __init__(self, attribute: str | None, reason: str, index: int | None = None) -> None:
        self.attribute = attribute
        self.reason = reason
        self.index = index
        where = "CloudEvent" if index is None else f"CloudEvent {index} of the batch"
        super().__init__(
            f"{where}: {reason}" if attribute is None else f"{where}, attribute {attribute!r:.80}: {reason}"
        )


class InvalidFormat(InvalidInput):
    """A value is not of the format its field names; it is refused when the message is made, and when it is read.

    Args:
        where: the class and the field, like `OrderShipped.country`.
        value: the value, as text.
        format: what it has to be, like `ISO 3166-1 alpha-2`.
        advice: what to give instead.
    """

    def __init__(self, where: str, value: str, format: str, advice: str) -> None:
        self.where = where
        self.value = value
        self.format = format
        self.advice = advice
        super().__init__(f"{where}: {value:.80} is no {format}. {advice}")
