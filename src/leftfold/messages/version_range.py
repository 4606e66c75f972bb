"""Which versions of a published event somebody reads or serves: `2`, `>=2`, `<3`, `>=1,<3`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from msgspec import Struct

from leftfold.errors import DefinitionError
from leftfold.messages.message import MAX_VERSION

__all__ = ["VersionRange", "version_range"]

_FORMS: Final = "write one number, as in '2', or bounds, as in '>=1', '<3' or '>=1,<3'"


class VersionRange(Struct, frozen=True, order=True):
    """Whole versions from one on, up to below another.

    Args:
        low: the first of them, counted from 1.
        below: the first one after them.
    """

    low: int
    below: int

    def __contains__(self, version: int) -> bool:
        return self.low <= version < self.below

    def __str__(self) -> str:
        if self.below == self.low + 1:
            return str(self.low)
        return f">={self.low}" if self.below > MAX_VERSION else f">={self.low},<{self.below}"

    def newest(self, versions: Iterable[int]) -> int | None:
        """The highest of *versions* that is in the range, or None when none is."""
        return max((version for version in versions if version in self), default=None)


def version_range(text: str) -> VersionRange:
    """Read a range: `N` is that version alone, `>=N` and `<N` are bounds, and a comma joins one of each.

    Args:
        text: numbers count from 1, without sign, leading zero or fraction; blanks around bounds are allowed.

    Raises:
        DefinitionError: it is of another form, or no version is in it; it says which part.
    """
    if not isinstance(cast("object", text), str):
        raise DefinitionError(f"version range {text!r:.80} is no text; {_FORMS}")
    bounds = [part.strip() for part in text.split(",")]
    if len(bounds) == 1 and bounds[0].isdecimal():
        only = _number(bounds[0], text)
        return VersionRange(only, only + 1)
    found: dict[str, int] = {}
    for bound in bounds:
        sign = next((each for each in (">=", "<") if bound.startswith(each)), None)
        if sign is None or bound.startswith("<="):
            raise DefinitionError(f"version range {text!r:.80}: {bound!r:.40} is no bound; {_FORMS}")
        if sign in found:
            raise DefinitionError(f"version range {text!r:.80} has two bounds {sign}; keep one")
        found[sign] = _number(bound.removeprefix(sign).strip(), text)
    low, below = found.get(">=", 1), found.get("<", MAX_VERSION + 1)
    if below <= low:
        reason = "holds no version; versions count from 1, and < leaves its number out"
        raise DefinitionError(f"version range {text!r:.80} {reason}")
    return VersionRange(low, below)


def _number(digits: str, text: str) -> int:
    plain = digits.isascii() and digits.isdecimal() and not digits.startswith("0")
    if not plain or len(digits) > len(str(MAX_VERSION)) or int(digits) > MAX_VERSION:
        raise DefinitionError(
            f"version range {text!r:.80}: {digits!r:.40} is no version; they count from 1 up to {MAX_VERSION:,}"
        )
    return int(digits)
