"""Store URLs, as people may see them."""

from __future__ import annotations

import re
import shlex
from typing import Final

from leftfold.errors import InvalidStoreUrl

__all__ = ["check_url", "migrating", "shown_url"]

_USER: Final = re.compile(r"(?<=://)([^/?#@:\[]*):(?!\d*(?:[/?#,]|$))(?:[^?#]*|.*)@", re.DOTALL)
"""What is no port counts as a password up to the last @, for one that nobody has escaped may hold anything."""
_OPTION: Final = re.compile(r"((?:ssl)?password=)[^&#]*")


def check_url(url: object) -> None:
    """Raise `InvalidStoreUrl` unless *url* is a text."""
    if not isinstance(url, str):
        raise InvalidStoreUrl(f"{url!r:.80}", "a store URL is a text, like sqlite:///file.db")


def shown_url(url: str) -> str:
    """*url* with `***` where it has a password, for messages and logs."""
    return _OPTION.sub(r"\1***", _USER.sub(r"\1:***@", url))


def migrating(url: str) -> str:
    """The command that brings the store at *url* up to date, as a shell takes it; a password is left out of it."""
    return shlex.join(("leftfold", "migrate", "--store", shown_url(url)))
