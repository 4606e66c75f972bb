from __future__ import annotations

import pytest

from leftfold.errors import DamagedPayload, InvalidPayload
from leftfold.messages import NO_METADATA, Metadata, dump_metadata, load_metadata


def load(data: bytes) -> Metadata:
    return load_metadata(data, stream="s-1", version=3, type="T", schema_version=2)


def test_metadata_that_knows_nothing_is_the_empty_object() -> None:
    assert dump_metadata(Metadata()) == dump_metadata(NO_METADATA) == dump_metadata(Metadata(extra={})) == b"{}"
    assert load(b"{}") == NO_METADATA


def test_only_what_is_known_is_written() -> None:
    metadata = Metadata(actor="alice", tenant="acme", subject="bob", extra={"ip": "::1"})
    assert dump_metadata(metadata) == b'{"actor":"alice","tenant":"acme","subject":"bob","extra":{"ip":"::1"}}'
    assert load(dump_metadata(metadata)) == metadata


@pytest.mark.parametrize(
    ("metadata", "path"),
    [
        (Metadata(actor="\x00"), "actor"),
        (Metadata(correlation_id="\ud800"), "correlation_id"),
        (Metadata(extra={"\x00": ""}), "extra[key '\\x00']"),
        (Metadata(extra={"a": "\udfff"}), "extra['a']"),
    ],
)
def test_a_text_that_cannot_be_stored_is_refused_with_its_path(metadata: Metadata, path: str) -> None:
    with pytest.raises(InvalidPayload) as caught:
        dump_metadata(metadata)
    assert caught.value.what == f"metadata, field {path!r}"


def test_a_value_that_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidPayload):
        dump_metadata(Metadata(extra={"n": 1}))  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]


def test_members_of_other_systems_are_passed_over() -> None:
    assert load(b'{"$causedBy": [1], "actor": "alice"}') == Metadata(actor="alice")


@pytest.mark.parametrize("data", [b"[]", b"", b'{"actor": 5}', b'{"extra": {"n": 1}}', b"\xff", b'"\xff"'])
def test_metadata_that_cannot_be_read_names_stream_and_version(data: bytes) -> None:
    with pytest.raises(DamagedPayload, match=r"stream 's-1' version 3, event 'T' v2: its metadata"):
        load(data)
