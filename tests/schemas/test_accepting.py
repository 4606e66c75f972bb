"""What cannot be judged is neither accepted nor refused, unless something else settles it."""

from __future__ import annotations

import pytest

from leftfold.schemas import read_schema
from leftfold.schemas.accepting import accepts
from tests.schemas.making import Raw

ODD: Raw = {"pattern": r"\p{L}"}
YES: Raw = {"const": "a"}
NO: Raw = {"const": "b"}


@pytest.mark.parametrize(
    ("schema", "value", "answer"),
    [
        (ODD, "a", None),
        (ODD, 1, True),
        ({"odd": 1}, 1, None),
        ({"odd": 1, "type": "string"}, 1, False),
        ({"allOf": [ODD, YES]}, "a", None),
        ({"allOf": [ODD, NO]}, "a", False),
        ({"anyOf": [ODD, YES]}, "a", True),
        ({"anyOf": [ODD, NO]}, "a", None),
        ({"oneOf": [ODD, YES]}, "a", None),
        ({"oneOf": [ODD, YES, YES]}, "a", False),
        ({"oneOf": [ODD, NO]}, "a", None),
        ({"not": ODD}, "a", None),
        ({"not": {"allOf": [ODD, NO]}}, "a", True),
        ({"if": ODD, "then": YES, "else": YES}, "a", True),
        ({"if": ODD, "then": YES, "else": NO}, "a", None),
        ({"if": ODD, "then": NO, "else": NO}, "a", False),
        ({"if": YES, "then": NO, "else": YES}, "a", False),
        ({"if": NO, "then": NO, "else": YES}, "a", True),
        ({"contains": ODD}, ["a"], None),
        ({"contains": ODD, "minContains": 2}, ["a"], False),
        ({"contains": ODD, "minContains": 0}, ["a"], True),
        ({"contains": ODD, "maxContains": 1}, [1, 2], False),
        ({"contains": ODD, "maxContains": 1}, [1, "a"], None),
        ({"items": ODD}, ["a"], None),
        ({"propertyNames": ODD}, {"a": 1}, None),
        ({"patternProperties": {r"\p{L}": NO}}, {"a": 1}, None),
        ({"patternProperties": {r"\p{L}": YES}}, {"a": "a"}, True),
        ({"patternProperties": {r"\p{L}": True}, "additionalProperties": False}, {"a": 1}, None),
        ({"patternProperties": {r"\p{L}": True}, "unevaluatedProperties": False}, {"a": 1}, None),
        ({"anyOf": [{"properties": {"a": ODD}}], "unevaluatedProperties": False}, {"a": "a"}, None),
        ({"format": "uri"}, "https://example.org/a b", False),
        ({"format": "uri"}, "mailto:x", None),
        ({"contentEncoding": "base64"}, "AA==", None),
        ({"contentEncoding": "base64"}, "AAAA", True),
        ({"contentEncoding": "base64", "contentMediaType": "text/plain"}, "AAAA", None),
        ({"contentEncoding": "moon"}, "AAAA", None),
    ],
)
def test_what_cannot_be_judged_stays_open(schema: Raw, value: object, answer: bool | None) -> None:
    assert accepts(read_schema(schema).root, value) is answer
