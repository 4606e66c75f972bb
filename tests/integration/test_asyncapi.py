"""Documents of AsyncAPI 3.0: what a context sends and receives, and nothing that the format does not know.

AsyncAPI's own JSON Schema is not part of this repository, and no Python package brings it: the structure is checked
here by models that somebody else has written from the specification, and by rules of our own where those let anything
pass: fields that each object may have, keys, and that every reference leads somewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import jsonschema_rs
import msgspec
import pytest
from msgspec import Struct
from pydantic import BaseModel, ValidationError
from pydantic_asyncapi.v3 import AsyncAPI

from leftfold import ConsumerView, IntegrationEvent
from leftfold.integration import Speaker, asyncapi_document
from tests.app.delivery import Address, Parcel, Placed, PlacedV1

MUST: Mapping[str, set[str]] = {
    "document": {"asyncapi", "info"},
    "info": {"title", "version"},
    "channel": set(),
    "operation": {"action", "channel"},
    "message": set(),
    "schema": {"schemaFormat", "schema"},
}
MAY: Mapping[str, set[str]] = {
    "document": {"id", "servers", "defaultContentType", "channels", "operations", "components"},
    "info": {"description", "termsOfService", "contact", "license", "tags", "externalDocs"},
    "channel": {"address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "bindings"},
    "operation": {"title", "summary", "description", "security", "tags", "bindings", "traits", "messages", "reply"},
    "message": {"headers", "payload", "correlationId", "contentType", "name", "title", "summary", "description"},
    "schema": set(),
}
KEY = re.compile(r"[A-Za-z0-9._-]+")


class Odd(IntegrationEvent, name="größe/x y"):
    a: int


class Told(IntegrationEvent, name="other.told", version=2):
    a: int


class Tree(Struct, frozen=True):
    name: str
    inside: list[Tree] = []


class Grown(IntegrationEvent, name="acme.grown"):
    tree: Tree


def other_view() -> type[ConsumerView]:
    class Parcel(ConsumerView, of="acme.placed", versions="<2"):
        order: str

    return Parcel


SPEAKER = Speaker(
    name="ordering",
    purpose="Take orders",
    team="Orders",
    sends=(Placed, PlacedV1, Odd, Grown),
    hears=(Parcel, other_view(), Told),
)
DOCUMENT: Any = json.loads(msgspec.json.encode(asyncapi_document(SPEAKER)))


def flaws(kind: str, value: Mapping[str, object]) -> list[str]:
    known = MUST[kind] | MAY[kind]
    unknown = [key for key in value if key not in known and not re.fullmatch(r"x-[\w.-]+", key)]
    return [*(f"{kind} has no {key}" for key in MUST[kind] - value.keys()), *(f"{kind} has {key}" for key in unknown)]


def references(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for part in cast("list[object]", value):
            yield from references(part)
    if isinstance(value, dict):
        found = cast("dict[str, object]", value)
        ref = found.get("$ref")
        if isinstance(ref, str):
            yield ref
        for part in found.values():
            yield from references(part)


def at(pointer: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT
    for step in pointer.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def test_every_object_has_what_it_must_and_nothing_unknown() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert flaws("document", DOCUMENT) == []
    assert flaws("info", DOCUMENT["info"]) == []
    for kind, every in (
        ("channel", DOCUMENT["channels"]),
        ("operation", DOCUMENT["operations"]),
        ("message", DOCUMENT["components"]["messages"]),
    ):
        assert all(KEY.fullmatch(key) for key in every)
        assert [flaw for one in every.values() for flaw in flaws(kind, one)] == []
    for message in DOCUMENT["components"]["messages"].values():
        assert flaws("schema", message["payload"]) == []
        assert message["headers"]["type"] == "object"


def strangers(value: object) -> Iterator[str]:
    """Fields that the models do not know, and that are no extensions."""
    match value:
        case BaseModel():
            yield from (name for name in value.model_extra or {} if not name.startswith("x-"))
            yield from strangers([getattr(value, name) for name in type(value).model_fields])
        case dict():
            yield from strangers(list(cast("dict[str, object]", value).values()))
        case list():
            for part in cast("list[object]", value):
                yield from strangers(part)
        case _:
            pass


def test_models_of_the_specification_that_others_wrote_read_it() -> None:
    assert list(strangers(AsyncAPI.model_validate(DOCUMENT))) == []
    for field, wrong in (("action", "sends"), ("channel", "acme"), ("messages", "all")):
        operations = {name: {**one, field: wrong} for name, one in DOCUMENT["operations"].items()}
        with pytest.raises(ValidationError):
            AsyncAPI.model_validate({**DOCUMENT, "operations": operations})
    channels = {name: {**one, "adress": name} for name, one in DOCUMENT["channels"].items()}
    assert set(strangers(AsyncAPI.model_validate({**DOCUMENT, "channels": channels}))) == {"adress"}


def test_every_reference_leads_to_what_it_is_for() -> None:
    refs = list(references(DOCUMENT))
    assert refs
    assert all(isinstance(at(ref), dict) for ref in refs)
    for channel in DOCUMENT["channels"].values():
        assert all(one["$ref"].startswith("#/components/messages/") for one in channel["messages"].values())
    for operation in DOCUMENT["operations"].values():
        channel = operation["channel"]["$ref"]
        assert channel.startswith("#/channels/")
        assert all(one["$ref"].startswith(f"{channel}/messages/") for one in operation["messages"])


def test_what_is_published_is_sent_and_what_is_followed_is_received() -> None:
    said = {
        (one["action"], at(one["channel"]["$ref"])["address"]): len(one["messages"])
        for one in DOCUMENT["operations"].values()
    }
    assert said == {
        ("send", "acme.placed"): 2,
        ("send", "acme.grown"): 1,
        ("send", "größe/x y"): 1,
        ("receive", "acme.placed"): 2,
        ("receive", "other.told"): 1,
    }
    assert len(DOCUMENT["components"]["messages"]) == 7
    versions = [str(one.get("x-versions", "")) for one in DOCUMENT["components"]["messages"].values()]
    assert sorted(one for one in versions if one) == ["1", ">=2"]


def test_headers_are_those_of_cloud_events_in_binary_mode() -> None:
    headers = DOCUMENT["components"]["messages"]["acme.placed.v2"]["headers"]
    assert headers["required"] == ["ce-id", "ce-source", "ce-specversion", "ce-type"]
    valid = jsonschema_rs.validator_for(headers)
    good = {"ce-id": "1", "ce-source": "/ordering", "ce-specversion": "1.0", "ce-type": "acme.placed"}
    assert valid.is_valid({**good, "ce-schemaversion": "2"})
    for wrong in ({"ce-specversion": "0.3"}, {"ce-type": "other"}, {"ce-id": ""}, {"ce-schemaversion": "1"}):
        assert not valid.is_valid({**good, **wrong})


def payload(component: str) -> jsonschema_rs.Validator:
    """What takes its payload, with references resolved in the document, as AsyncAPI's tools do."""
    whole = {**DOCUMENT, "$ref": f"#/components/messages/{component}/payload/schema"}
    return jsonschema_rs.validator_for(whole)


@pytest.mark.parametrize(
    ("component", "event"),
    [
        ("acme.placed.v2", Placed(order="1", total=2, to=Address(street="s"))),
        ("acme.grown.v1", Grown(tree=Tree(name="a", inside=[Tree(name="b")]))),
    ],
)
def test_a_payload_is_closed_where_it_is_sent(component: str, event: IntegrationEvent) -> None:
    written = json.loads(msgspec.json.encode(event))
    assert payload(component).is_valid(written)
    assert not payload(component).is_valid({**written, "more": 1})


def test_a_payload_is_open_where_it_is_received() -> None:
    written = json.loads(msgspec.json.encode(Placed(order="1", total=2, to=Address(street="s"))))
    (name,) = (key for key, one in DOCUMENT["components"]["messages"].items() if one.get("x-versions") == ">=2")
    assert payload(name).is_valid({**written, "more": 1})
    assert not payload(name).is_valid({"order": "1"})


def test_the_document_is_the_same_in_whatever_order_things_are_given() -> None:
    turned = msgspec.structs.replace(SPEAKER, sends=SPEAKER.sends[::-1], hears=SPEAKER.hears[::-1])
    assert msgspec.json.encode(asyncapi_document(turned)) == msgspec.json.encode(asyncapi_document(SPEAKER))
