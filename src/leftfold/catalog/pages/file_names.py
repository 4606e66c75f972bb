"""Names of files for contexts, which may be called anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

__all__ = ["file_names"]

_PLAIN: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_LONGEST: Final = 40
_DIGITS: Final = 10
# Names that one system or another keeps for devices, with whatever ending.
_DEVICES: Final = frozenset({"aux", "con", "nul", "prn", *(f"{name}{n}" for name in ("com", "lpt") for n in range(10))})


def file_names(names: Iterable[str]) -> Mapping[str, str]:
    """A file name for each of *names*, without its ending.

    No two are the same, not even on a file system that takes large and small letters for one. A name of small letters,
    digits, `-` and `_` stays as it is; of any other a digest is added, so that a page keeps its name when contexts come
    and go.
    """
    found = {name: name if _is_plain(name) else _made_up(name, _DIGITS) for name in names}
    taken = {name for name in found if _is_plain(name)}
    return {name: file if file == name or file not in taken else _made_up(name, 64) for name, file in found.items()}


def _is_plain(name: str) -> bool:
    return _PLAIN.fullmatch(name) is not None and name not in _DEVICES


def _made_up(name: str, digits: int) -> str:
    words = _OTHER.sub("-", name.lower()).strip("-")[:_LONGEST].strip("-")
    digest = sha256(name.encode(errors="surrogatepass")).hexdigest()[:digits]
    return f"{words}-{digest}" if words else digest
