"""A baseline as a file that people edit: TOML, or JSON when its name ends so."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias, cast

from leftfold.borders.baseline import Accepted, Baseline
from leftfold.errors import InvalidBaseline

__all__ = ["dump_baseline", "load_baseline"]

_HEAD: Final = "accepted"
_WORDS: Final = ("rule", "contexts", "subject", "reason", "until")
_HEADER: Final = re.compile(rf"^\s*\[\[\s*{_HEAD}\s*\]\]")
_STOPPED: Final = re.compile(r"\(at line (\d+)")

_Entry: TypeAlias = Mapping[str, object]
_NOTHING: Final[_Entry] = MappingProxyType({})


def load_baseline(path: Path | str) -> Baseline:
    """Read a baseline.

    Raises:
        InvalidBaseline: it is no baseline, an entry says too little or has no reason, two are of one finding; each with
            file and line.
        OSError: it cannot be read.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidBaseline(f"{path}:1: this is not UTF-8: {error}") from error
    entries, lines = _of_json(path, text) if _is_json(path) else _of_toml(path, text)
    findings: list[str] = []
    found: dict[object, Accepted] = {}
    for entry, line in zip(entries, lines, strict=True):
        place = f"{path}:{line}"
        flaws = [f"{place}: {flaw}" for flaw in _flaws(entry)]
        findings += flaws
        if not flaws:
            accepted = _accepted(entry, place)
            if (other := found.setdefault(accepted.key, accepted)) is not accepted:
                findings.append(f"{place}: this finding is accepted twice, at {other.place} too; keep one")
    if findings:
        raise InvalidBaseline(*findings)
    return tuple(found.values())


def dump_baseline(baseline: Baseline, path: Path) -> str:
    """A baseline as text for a file of this name; what has no reason is to be given one before it can be read."""
    entries = [
        {
            "rule": one.rule,
            "contexts": list(one.contexts),
            "subject": one.subject,
            "reason": one.reason,
            "until": one.until.isoformat(),
        }
        for one in baseline
    ]
    if _is_json(path):
        return json.dumps({_HEAD: entries}, indent=2, ensure_ascii=False) + "\n"
    parts = ["# Findings that are accepted until a day; each has to say why.\n"]
    if not entries:
        parts.append(f"{_HEAD} = []\n")
    for entry in entries:
        lines = [f"{word} = {_toml(entry[word]) if word != 'until' else entry[word]}\n" for word in _WORDS]
        parts.append(f"\n[[{_HEAD}]]\n{''.join(lines)}")
    return "".join(parts)


def _is_json(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def _toml(value: object) -> str:
    """Text, or a list of texts; TOML escapes as JSON does, and DEL as well."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _of_toml(path: Path, text: str) -> tuple[Sequence[object], Sequence[int]]:
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = stopped.group(1) if (stopped := _STOPPED.search(str(error))) else str(max(1, len(text.splitlines())))
        raise InvalidBaseline(f"{path}:{line}: this is no TOML: {error}") from error
    entries = _entries(path, whole)
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if _HEADER.match(line)]
    return entries, lines if len(lines) == len(entries) else [1] * len(entries)


def _of_json(path: Path, text: str) -> tuple[Sequence[object], Sequence[int]]:
    try:
        entries = _entries(path, json.loads(text))
    except json.JSONDecodeError as error:
        raise InvalidBaseline(f"{path}:{error.lineno}: this is no JSON: {error.msg}") from error
    except RecursionError as error:
        raise InvalidBaseline(f"{path}:1: this is nested too deep") from error
    lines = list(_json_lines(text))
    return entries, lines if len(lines) == len(entries) else [1] * len(entries)


def _json_lines(text: str) -> Iterator[int]:
    """The line that each entry begins on."""
    found = re.search(rf'"{_HEAD}"\s*:\s*\[', text)
    at = len(text) if found is None else found.end()
    decoder, gap = json.JSONDecoder(), re.compile(r"[\s,]*")
    while (between := gap.match(text, at)) is not None and text[between.end() : between.end() + 1] not in ("]", ""):
        yield text.count("\n", 0, between.end()) + 1
        _, at = decoder.raw_decode(text, between.end())


def _entries(path: Path, whole: object) -> Sequence[object]:
    table: _Entry = cast("_Entry", whole) if isinstance(whole, dict) else _NOTHING
    entries = table.get(_HEAD)
    if not isinstance(entries, list) or len(table) > 1:
        raise InvalidBaseline(f"{path}:1: a baseline is a list of {_HEAD!r}, and nothing else")
    return cast("Sequence[object]", entries)


def _flaws(entry: object) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"an entry has {', '.join(_WORDS)}"
        return
    table = cast("_Entry", entry)
    if unknown := [word for word in table if word not in _WORDS]:
        yield f"there is no {', '.join(unknown)} in an entry; it has {', '.join(_WORDS)}"
    if missing := [word for word in _WORDS if word not in table]:
        yield f"an entry has no {', '.join(missing)}; say it"
    for word in ("rule", "subject", "reason"):
        if word in table and not isinstance(table[word], str):
            yield f"{word} is text"
    if isinstance(reason := table.get("reason"), str) and not reason.strip():
        yield "reason is empty; say why this is accepted"
    contexts: object = table.get("contexts", [])
    if not isinstance(contexts, list) or not all(isinstance(one, str) for one in cast("list[object]", contexts)):
        yield "contexts is a list of names"
    if "until" in table and _day(table["until"]) is None:
        yield f"until is a day, as 2027-01-31, not {table['until']!r}"


def _accepted(entry: object, place: str) -> Accepted:
    table = cast("Mapping[str, str]", entry)
    until = _day(table["until"])
    assert until is not None  # noqa: S101 - it has no flaws
    contexts = tuple(sorted(cast("list[str]", table["contexts"])))
    return Accepted(
        rule=table["rule"],
        contexts=contexts,
        subject=table["subject"],
        reason=table["reason"],
        until=until,
        place=place,
    )


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
