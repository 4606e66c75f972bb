"""Who is in which team, from a file that is committed.

[teams.checkout]
members = ["ann@example.org", "bob@example.org"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

from leftfold.borders.kernel_errors import InvalidKernelFile

__all__ = ["Teams", "load_teams", "read_teams", "same_person"]

Teams: TypeAlias = Mapping[str, frozenset[str]]
"""Addresses of the members, in lower case, by name of the team."""

_LINE: Final = re.compile(r"at line (\d+)")
_TEAM: Final = re.compile(r"^[ \t]*\[\s*teams\s*\.\s*[\"']?(.+?)[\"']?\s*\]", re.MULTILINE)


class _Team(Struct):
    members: list[Annotated[str, Meta(pattern=r"^\S+$")]]


class _File(Struct):
    teams: dict[str, _Team]


def load_teams(text: str, path: str) -> Teams:
    """Read the text of a file of teams. What it says besides `members` is for others.

    Args:
        text: of the file, in TOML.
        path: of the file, for what is wrong with it.

    Raises:
        InvalidKernelFile: it is no TOML, or a team has no members that are addresses.
    """
    try:
        file = msgspec.convert(tomllib.loads(text), type=_File)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise InvalidKernelFile(path, line, f"it is no TOML: {error}") from error
    except msgspec.ValidationError as error:
        advice = '[teams.NAME] with members = ["address", ...]'
        raise InvalidKernelFile(path, _line_of_team(text), f"{error}; write {advice}") from error
    return {name: frozenset(map(_plain, team.members)) for name, team in file.teams.items()}


def read_teams(path: Path | str) -> Teams | None:
    """The teams in a file; None when there is no such file. See `load_teams`."""
    try:
        return load_teams(Path(path).read_text(encoding="utf-8-sig"), str(path))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise InvalidKernelFile(str(path), 1, "it is not UTF-8; save it so") from error


def same_person(one: str, other: str) -> bool:
    """Whether two addresses are one person's: capitals do not count."""
    return _plain(one) == _plain(other)


def _plain(address: str) -> str:
    return address.strip().lower()


def _line_of_team(text: str) -> int:
    """The line of the first team that cannot be read alone; 1 when each can."""
    for found in _TEAM.finditer(text):
        part = text[found.start() :].split("\n[", 1)[0]
        try:
            msgspec.convert(tomllib.loads(part), type=_File)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError):
            return text.count("\n", 0, found.start()) + 1
    return 1
