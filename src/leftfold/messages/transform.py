"""The seam between an event's JSON text and what a store keeps of it."""

from __future__ import annotations

from typing import Protocol

from leftfold.messages.metadata import Metadata

__all__ = ["Transform"]


class Transform(Protocol):
    """Changes payloads on their way into a store and back, as encryption does.

    `load` gives back exactly what `dump` was given. Folding reads no metadata, so what `load` needs beside the type,
    a key's id for instance, `dump` writes into the text.
    """

    def dump(self, data: bytes, *, type: str, schema_version: int, metadata: Metadata) -> bytes:
        """What is stored for the JSON text *data*; it is JSON text again."""
        ...

    def load(self, data: bytes, *, type: str, schema_version: int) -> bytes:
        """The JSON text that *data* was stored for; any error it raises is told as `DamagedPayload`."""
        ...
