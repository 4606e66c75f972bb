"""Store URLs, as people may see them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["shown_url"]

_USER: Final = re.compile(r"(?<=://)([^/?#@:]*):[^/?#]*@")
_OPTION: Final = re.compile(r"((?:ssl)?password=)[^&#]*")


def shown_url(url: str) -> str:
    """*url* with `***` where it has a password, for messages and logs."""
    return _OPTION.sub(r"\1***", _USER.sub(r"\1:***@", url))
