"""Findings as people and programs read them: text grouped by rule, and SARIF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, TypeAlias
from urllib.parse import quote

from leftfold.contexts.findings import Finding, Severity
from leftfold.contexts.places import place_under

__all__ = ["findings_text", "sarif_of", "under"]

_SARIF: Final = "2.1.0"
_Json: TypeAlias = "Mapping[str, object]"
_LEVELS: Final[Mapping[Severity, str]] = {"error": "error", "warning": "warning", "note": "note"}
_FIRST: Final = 1


def under(findings: Sequence[Finding], root: str) -> tuple[Finding, ...]:
    """The same findings with places from the folder *root*, where they are below it."""
    from msgspec.structs import replace

    return tuple(
        replace(one, declared_at=place_under(one.declared_at, root), found_at=place_under(one.found_at, root))
        for one in findings
    )


def findings_text(findings: Sequence[Finding]) -> str:
    """A paragraph for each rule, with both places of every finding, and a last line that counts them.

    Args:
        findings: in the order in which they are told.
    """
    return "\n".join(_lines(findings)) + "\n"


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    for (severity, rule), group in groupby(findings, key=lambda one: (one.severity, one.rule)):
        yield f"{severity}: {rule}"
        for one in group:
            yield f"  {', '.join(one.contexts)}: {one.message}"
            if one.found_at:
                yield f"    found at     {one.found_at}"
            if one.declared_at:
                yield f"    declared at  {one.declared_at}"
        yield ""
    counts = [
        f"{count:,} {severity}{'' if count == 1 else 's'}"
        for severity in _LEVELS
        if (count := sum(one.severity == severity for one in findings))
    ]
    yield ", ".join(counts) or "nothing found"


def sarif_of(findings: Sequence[Finding], version: str) -> _Json:
    """*findings* as a SARIF log of one run, for what shows them beside the code.

    Args:
        findings: with places from the root of the repository.
        version: of Leftfold.

    Source: OASIS 2020, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
    """
    rules = sorted({one.rule for one in findings})
    numbers = {rule: number for number, rule in enumerate(rules)}
    driver = {"name": "leftfold", "version": version, "rules": [{"id": rule} for rule in rules]}
    results = [_result(one, numbers[one.rule]) for one in findings]
    return {
        "version": _SARIF,
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _result(finding: Finding, number: int) -> _Json:
    main = finding.found_at or finding.declared_at
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "partialFingerprints": {"finding/v1": "|".join((finding.rule, *finding.contexts, finding.subject))},
        "properties": {"contexts": list(finding.contexts), "subject": finding.subject},
    }
    if main:
        result["locations"] = [_location(main)]
    if finding.found_at and finding.declared_at:
        declared = {"id": 1, "message": {"text": "declared here"}, **_location(finding.declared_at)}
        result["relatedLocations"] = [declared]
    return result


def _location(place: str) -> _Json:
    path, _, line = place.rpartition(":")
    path = path.replace("\\", "/")
    uri = quote(path)
    if path.startswith("/"):
        uri = f"file://{uri}"
    elif path[1:3] == ":/":
        uri = f"file:///{quote(path, safe='/:')}"
    region = {"startLine": max(int(line), _FIRST) if line.isdecimal() else _FIRST}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
