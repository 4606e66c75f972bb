"""Where an SQLite store is, and how durable: its URL."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias, get_args
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from msgspec import Struct

from leftfold.errors import InvalidStoreUrl
from leftfold.store.urls import check_url

__all__ = ["Durability", "SqliteLocation", "url_of"]

Durability: TypeAlias = Literal["full", "normal"]
"""What a crash may take.

`full`: the file is flushed before an append is acknowledged: it survives kill -9 and power loss.
`normal`: it survives kill -9; power loss may take the last appends, never a part of one.
"""


class SqliteLocation(Struct, frozen=True, kw_only=True):
    """A parsed store URL: `sqlite:///relative.db`, `sqlite:////absolute.db`, with options after `?`.

    Args:
        path: of the file; its directory must exist.
        durability: `full` or `normal`.
        deadline_s: seconds after which an append that found no turn gives up.
    """

    path: Path
    durability: Durability = "full"
    deadline_s: float = 30.0

    @classmethod
    def parse(cls, url: str) -> SqliteLocation:
        """Read *url*; raises `InvalidStoreUrl` with the reason."""
        check_url(url)
        try:
            split = urlsplit(url)
        except ValueError as error:
            raise InvalidStoreUrl(url, str(error)) from error
        if not url.startswith("sqlite:///") or len(split.path) < 2 or split.fragment:
            raise InvalidStoreUrl(url, "write sqlite:///relative/path.db or sqlite:////absolute/path.db")
        options = dict(parse_qsl(split.query, keep_blank_values=True))
        durability = _durability(url, options.pop("durability", "full"))
        deadline_s = _seconds(url, options.pop("deadline_s", "30"))
        if options:
            raise InvalidStoreUrl(url, f"unknown option {min(options)!r}; there are durability and deadline_s")
        return cls(path=_file(url, unquote(split.path[1:])), durability=durability, deadline_s=deadline_s)


def url_of(path: Path) -> str:
    """The URL of the store in the file *path*."""
    return f"sqlite:///{quote(str(path))}"


def _file(url: str, name: str) -> Path:
    if name == ":memory:":
        raise InvalidStoreUrl(url, "a durable store is kept in a file; name one")
    if "\x00" in name:
        raise InvalidStoreUrl(url, "the path holds a NUL character")
    return Path(name)


def _durability(url: str, text: str) -> Durability:
    for known in get_args(Durability):
        if text == known:
            return "normal" if text == "normal" else "full"
    raise InvalidStoreUrl(url, f"durability is 'full' or 'normal', not {text!r}")


def _seconds(url: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 86_400:
        raise InvalidStoreUrl(url, f"deadline_s is a number of seconds above 0, not {text!r}")
    return seconds
