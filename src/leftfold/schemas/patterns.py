"""Regular expressions of JSON Schema, as far as every reader of them agrees: matching, and strings that match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

__all__ = ["are_apart", "matches", "matching", "matching_lengths"]

# Python and ECMA 262 read these alike on ASCII text of one line. Anything else is left undecided.
_TOKEN: Final = re.compile(
    r"""
      (?P<set>\[\^?(?:[A-Za-z0-9 _.,:;/@#%&=!~<>+*?(){}|$'"`-]|\\[-dwsnt./\\\]\[^+*?(){}|$])+\])
    | (?P<escape>\\[dwsDWS.\-/\\\[\]^$+*?(){}|])
    | (?P<repeat>(?:[*+?]|\{\d{1,4}(?:,\d{0,4})?\})\??)
    | (?P<open>\((?:\?:)?)
    | (?P<close>\))
    | (?P<or>\|)
    | (?P<edge>[\^$])
    | (?P<one>[A-Za-z0-9 _,:;/@#%&=!~<>'"`.-])
    """,
    re.VERBOSE,
)
_PLAIN: Final = re.compile(r"[ -~]*")
_LETTERS: Final = "a0A1b2-_ .,:/@Zz9+"
_REPEATABLE: Final = {"set", "escape", "close", "one"}
_PAIRS: Final = ("--", "&&", "~~", "||")
_MOST: Final = 64


def matches(pattern: str, text: str) -> bool | None:
    """Whether *pattern* is found in *text*; None when readers may differ about that."""
    found = _compiled(pattern)
    if found is None or not _PLAIN.fullmatch(text):
        return None
    return found.search(text) is not None


def matching(pattern: str) -> Iterator[str]:
    """A few strings that *pattern* is found in, short ones first; none when it cannot be told how to make one."""
    if _compiled(pattern) is None:
        return
    for text in _texts(pattern):
        if matches(pattern, text):
            yield text


def are_apart(one: str, other: str) -> bool:
    """Whether it is certain that no text matches both, as they begin with other letters."""
    mine, theirs = _beginning(one), _beginning(other)
    shared = min(len(mine), len(theirs))
    return mine[:shared] != theirs[:shared]


@lru_cache(maxsize=512)
def _beginning(pattern: str) -> str:
    """What every text that *pattern* is found in begins with, as far as it is seen at once."""
    tokens = list(_TOKEN.finditer(pattern)) if _compiled(pattern) is not None else []
    if not tokens or tokens[0][0] != "^" or any(token.lastgroup == "or" for token in tokens):
        return ""
    found = ""
    for token, after in zip(tokens[1:], (*tokens[2:], None), strict=True):
        if token.lastgroup != "one" or token[0] == "." or (after is not None and after.lastgroup == "repeat"):
            break
        found += token[0]
    return found


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    place, before = 0, "edge"
    while place < len(pattern):
        token = _TOKEN.match(pattern, place)
        if token is None or (token.lastgroup == "repeat" and before not in _REPEATABLE):
            return None
        if token.lastgroup == "set" and any(pair in token[0] for pair in _PAIRS):
            return None
        place, before = token.end(), token.lastgroup or ""
    try:
        return re.compile(pattern, re.ASCII)
    except (re.error, OverflowError):
        return None


@lru_cache(maxsize=512)
def _texts(pattern: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_Maker(pattern).alternatives()))


class _Maker:
    """Makes strings by descent: alternatives are sequences of parts, each a few strings, each repeated."""

    def __init__(self, pattern: str) -> None:
        self._tokens = list(_TOKEN.finditer(pattern))
        self._next = 0

    def alternatives(self) -> list[str]:
        found = self._sequence()
        while self._kind() == "or":
            self._next += 1
            found += self._sequence()
        return found[:_MOST]

    def _kind(self) -> str:
        return self._tokens[self._next].lastgroup or "" if self._next < len(self._tokens) else "end"

    def _sequence(self) -> list[str]:
        made = [""]
        while self._kind() not in {"or", "close", "end"}:
            part = self._repeated(self._part())
            # Mostly the first of each: enough to tell apart, and never many.
            made = [*(text + part[0] for text in made), *(made[0] + each for each in part[1:])][:_MOST]
        return made

    def _part(self) -> list[str]:
        token = self._tokens[self._next]
        self._next += 1
        match token.lastgroup:
            case "edge":
                return [""]
            case "open":
                found = self.alternatives()
                self._next += 1
                return found or [""]
            case "one" if token[0] != ".":
                return [token[0]]
            case "escape" if token[0][1] not in "dwsDWS":
                return [token[0][1]]
            case _:
                wanted = re.compile(token[0], re.ASCII)
                return [each for each in (*_LETTERS, *map(chr, range(32, 127))) if wanted.match(each)][:4] or [""]

    def _repeated(self, part: list[str]) -> list[str]:
        if self._kind() != "repeat":
            return part
        fewest, utmost = _times(self._tokens[self._next][0])
        self._next += 1
        more = utmost is None or utmost > fewest
        if fewest == 0:
            return ["", *part] if more else [""]
        return [each * fewest for each in part] + [part[0] * (fewest + 1)] * more


def matching_lengths(pattern: str) -> tuple[int, int | None]:
    """The fewest and the most characters of a text that *pattern* is found in; None for no end."""
    return _lengths(pattern) if _compiled(pattern) is not None else (0, None)


@lru_cache(maxsize=512)
def _lengths(pattern: str) -> tuple[int, int | None]:
    measure = _Measure(pattern)
    least, most = measure.alternatives()
    ends = measure.tokens[:1] + measure.tokens[-1:]
    whole = [token[0] for token in ends] == ["^", "$"] and not measure.forks
    return least, most if whole else None


class _Measure:
    """Adds up lengths by descent; *forks* if there are alternatives outside every group."""

    def __init__(self, pattern: str) -> None:
        self.tokens = list(_TOKEN.finditer(pattern))
        self.forks = False
        self._next = 0
        self._depth = 0

    def alternatives(self) -> tuple[int, int | None]:
        least, most = self._sequence()
        while self._next < len(self.tokens) and self.tokens[self._next].lastgroup == "or":
            self._next += 1
            self.forks = self.forks or self._depth == 0
            less, more = self._sequence()
            least, most = min(least, less), None if most is None or more is None else max(most, more)
        return least, most

    def _sequence(self) -> tuple[int, int | None]:
        least = 0
        end: int | None = 0
        while self._next < len(self.tokens) and self.tokens[self._next].lastgroup not in {"or", "close"}:
            less, more = self._repeated(*self._part())
            least += less
            end = None if end is None or more is None else end + more
        return least, end

    def _part(self) -> tuple[int, int | None]:
        token = self.tokens[self._next]
        self._next += 1
        if token.lastgroup == "edge":
            return 0, 0
        if token.lastgroup != "open":
            return 1, 1
        self._depth += 1
        found = self.alternatives()
        self._depth -= 1
        self._next += 1
        return found

    def _repeated(self, least: int, most: int | None) -> tuple[int, int | None]:
        if self._next >= len(self.tokens) or self.tokens[self._next].lastgroup != "repeat":
            return least, most
        fewest, utmost = _times(self.tokens[self._next][0])
        self._next += 1
        return least * fewest, None if utmost is None or most is None else most * utmost


def _times(repeat: str) -> tuple[int, int | None]:
    """How often the part before *repeat* stands."""
    match repeat[0]:
        case "*":
            return 0, None
        case "+":
            return 1, None
        case "?":
            return 0, 1
        case _:
            least, comma, most = repeat.rstrip("?")[1:-1].partition(",")
            return int(least), int(most) if most else None if comma else int(least)
