"""The rules: what each relation allows, a file for each pattern or group of them.

In: a map and what is known of its contexts. Out: findings.
May import: errors, contexts, and of this room what evidence and cases are.
"""

from __future__ import annotations

from typing import Final

from leftfold.borders.case import Rule
from leftfold.borders.rules.circling import circling
from leftfold.borders.rules.conforming import conforming
from leftfold.borders.rules.describing import described, evidenced
from leftfold.borders.rules.layers import inside_layers, mud_kept_out
from leftfold.borders.rules.partnering import partnering
from leftfold.borders.rules.publishing import published_only
from leftfold.borders.rules.relating import forbidden, separate, unrelated
from leftfold.borders.rules.sharing import LARGEST_KERNEL, sharing

__all__ = [
    "AT_RUN_TIME",
    "LARGEST_KERNEL",
    "RULES",
    "Rule",
    "circling",
    "conforming",
    "described",
    "evidenced",
    "forbidden",
    "inside_layers",
    "mud_kept_out",
    "partnering",
    "published_only",
    "separate",
    "sharing",
    "unrelated",
]

RULES: Final[tuple[Rule, ...]] = (
    unrelated,
    separate,
    published_only,
    inside_layers,
    mud_kept_out,
    conforming,
    circling,
    partnering,
    sharing,
    described,
    evidenced,
)
"""All of them."""

AT_RUN_TIME: Final[tuple[Rule, ...]] = (unrelated, separate, inside_layers)
"""Those that an app is refused by when it is made."""
