"""What comes of reading somebody else's map or catalog."""

from __future__ import annotations

from msgspec import Struct

from leftfold.catalog.descriptor import Descriptor
from leftfold.contexts.findings import Finding

__all__ = ["Imported"]


class Imported(Struct, frozen=True):
    """Descriptors, and what was wrong with where they come from.

    Args:
        descriptors: one for each context, in the order of names.
        findings: what the source itself forbids; errors first.
    """

    descriptors: tuple[Descriptor, ...]
    findings: tuple[Finding, ...]
