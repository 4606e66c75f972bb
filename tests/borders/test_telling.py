"""Findings as text and as SARIF."""

from __future__ import annotations

import json
from typing import Final

import jsonschema_rs
import msgspec
from hypothesis import given
from hypothesis import strategies as st

from leftfold.borders import findings_text, sarif_of, under
from leftfold.contexts import Finding, in_order

WRONG = Finding(
    rule="no-relation",
    contexts=("a", "b"),
    message="a takes it",
    subject="a -> b",
    found_at="/r/a b.py:7",
    declared_at="/elsewhere/map.py:3",
)
NOTE = Finding(rule="not-seen", contexts=("a",), message="who knows", severity="note")

# What the specification says of the parts that are written here; its own schema comes with no package.
PLACE: Final = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "id": {"type": "integer", "minimum": -1},
        "message": {"$ref": "#/$defs/message"},
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation", "region"],
            "properties": {
                "artifactLocation": {"properties": {"uri": {"type": "string", "format": "uri-reference"}}},
                "region": {"properties": {"startLine": {"type": "integer", "minimum": 1}}},
            },
        },
    },
    "additionalProperties": False,
}
SCHEMA: Final = {
    "$defs": {
        "message": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
        "place": PLACE,
    },
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"enum": ["2.1.0"]},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {
                                    "version": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {"required": ["id"], "properties": {"id": {"type": "string"}}},
                                    },
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "required": ["message"],
                            "additionalProperties": False,
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": -1},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": {"$ref": "#/$defs/message"},
                                "locations": {"type": "array", "items": {"$ref": "#/$defs/place"}},
                                "relatedLocations": {
                                    "type": "array",
                                    "uniqueItems": True,
                                    "items": {"$ref": "#/$defs/place"},
                                },
                                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                                "properties": {"type": "object"},
                            },
                        },
                    },
                },
            },
        },
    },
}
VALID: Final = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)
words = st.text(st.characters(codec="utf-8"))
places = st.one_of(st.just(""), st.tuples(words, st.integers(0, 99)).map(lambda one: f"{one[0]}:{one[1]}"))
any_findings = st.lists(
    st.builds(
        Finding,
        rule=words,
        contexts=st.lists(words, max_size=3).map(tuple),
        message=words,
        declared_at=places,
        found_at=places,
        subject=words,
        severity=st.sampled_from(["error", "warning", "note"]),
    ),
    max_size=5,
)


def test_text_is_grouped_by_rule_with_both_places_and_counted() -> None:
    other = msgspec.structs.replace(WRONG, found_at="", message="b takes it")
    text = findings_text(under(in_order([WRONG, other, NOTE]), "/r"))
    assert text == (
        "error: no-relation\n"
        "  a, b: a takes it\n"
        "    found at     a b.py:7\n"
        "    declared at  /elsewhere/map.py:3\n"
        "  a, b: b takes it\n"
        "    declared at  /elsewhere/map.py:3\n"
        "\n"
        "note: not-seen\n"
        "  a: who knows\n"
        "\n"
        "2 errors, 1 note\n"
    )
    assert findings_text([]) == "nothing found\n"


def test_sarif_points_at_the_line_and_at_the_declaration() -> None:
    log = json.loads(json.dumps(sarif_of(under([WRONG, NOTE], "/r"), "1.2")))
    (run,) = log["runs"]
    assert run["tool"]["driver"]["rules"] == [{"id": "no-relation"}, {"id": "not-seen"}]
    wrong, note = run["results"]
    assert (wrong["level"], wrong["ruleIndex"], note["level"], note["ruleIndex"]) == ("error", 0, "note", 1)
    assert [one["physicalLocation"] for one in wrong["locations"]] == [
        {"artifactLocation": {"uri": "a%20b.py"}, "region": {"startLine": 7}}
    ]
    assert wrong["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///elsewhere/map.py"
    assert "locations" not in note


@given(any_findings)
def test_sarif_is_valid_whatever_is_found(findings: list[Finding]) -> None:
    log = json.loads(msgspec.json.encode(sarif_of(findings, "1.2")))
    VALID.validate(log)
    assert len(log["runs"][0]["results"]) == len(findings)


@given(any_findings)
def test_text_has_every_finding(findings: list[Finding]) -> None:
    text = findings_text(in_order(findings))
    assert all(one.message in text for one in findings)
