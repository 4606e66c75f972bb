"""What is said to whoever hands another thing than what leaves a context or arrives: what it is, and what to give."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any, cast

import pytest

from leftfold import ConsumerView, Event, IntegrationEvent
from leftfold.errors import DefinitionError, InvalidInput
from leftfold.integration import (
    CloudEvent,
    cloud_event_of,
    format_fields,
    message_schema,
    received,
    supported_version,
    view_flaws,
    view_problems,
    write_batch,
    write_binary,
    write_structured,
    write_timestamp,
)


class Sold(IntegrationEvent, name="sales.sold"):
    item: str


class Picked(Event):
    item: str


class Item(ConsumerView, of="sales.sold", versions="1"):
    item: str


SOLD = Sold(item="tea")
ARRIVED = CloudEvent(
    id="1", source="/sales", type="sales.sold", data=b'{"item":"tea"}', extensions={"schemaversion": 1}
)
UNNAMED = CloudEvent(id="1", source="/sales", type="sales.sold", data=b'{"item":"tea"}')


@pytest.mark.parametrize("wrong", [None, [], SOLD, Item(item="tea"), Picked, "Item"])
def test_events_are_read_as_a_class_or_a_view(wrong: object) -> None:
    with pytest.raises(DefinitionError, match="give the class of an integration event, or a view of one"):
        received(ARRIVED, cast("Any", wrong))


@pytest.mark.parametrize("wrong", ["1", 0, -1, True, 1.5, []])
def test_events_that_name_no_version_are_of_one_from_1(wrong: object) -> None:
    for asked in (partial(received, UNNAMED, Item), partial(supported_version, UNNAMED, {"sales.sold": [1]})):
        with pytest.raises(InvalidInput, match=r"unnamed=.*: versions are whole numbers and count from 1"):
            asked(unnamed=cast("Any", wrong))


@pytest.mark.parametrize("wrong", [3, b"/sales", [None], [3]])
def test_sources_are_texts(wrong: object) -> None:
    with pytest.raises(InvalidInput, match=r"sources=.*; give a list of sources"):
        received(ARRIVED, Item, sources=cast("Any", wrong))


@pytest.mark.parametrize("wrong", [None, [], "sales.sold", {"sales.sold": 1}])
def test_versions_are_supported_by_type(wrong: object) -> None:
    with pytest.raises(InvalidInput, match=r"supported.*=.*; give "):
        supported_version(ARRIVED, cast("Any", wrong))
    with pytest.raises(InvalidInput, match="is no CloudEvent; read it first"):
        supported_version(cast("Any", wrong), {})


@pytest.mark.parametrize("wrong", [None, SOLD, b"{}", [ARRIVED]])
def test_what_is_written_is_a_cloud_event(wrong: object) -> None:
    for write in (write_structured, write_binary):
        with pytest.raises(InvalidInput, match="is no CloudEvent; make one, as cloud_event_of does"):
            write(cast("Any", wrong))
    with pytest.raises(InvalidInput, match="is no CloudEvent; make one, as cloud_event_of does"):
        write_batch([ARRIVED, cast("Any", wrong)])
    with pytest.raises(InvalidInput, match="is no RecordedEvent"):
        cloud_event_of(cast("Any", wrong), source="/sales", type="sales.sold")


def test_a_batch_has_a_list() -> None:
    with pytest.raises(InvalidInput, match="is no list of CloudEvents; write one event by write_structured"):
        write_batch(cast("Any", ARRIVED))


@pytest.mark.parametrize(
    "wrong",
    [None, "2024-03-01", datetime(2024, 3, 1), datetime(2024, 3, 1, tzinfo=timezone(timedelta(seconds=30)))],  # noqa: DTZ001
)
def test_a_time_that_rfc_3339_has_no_text_for_is_not_written(wrong: object) -> None:
    with pytest.raises(InvalidInput, match=r"no datetime|no zone|not in whole minutes"):
        write_timestamp(cast("datetime", wrong))


@pytest.mark.parametrize("wrong", [None, [], SOLD, Item(item="tea"), 3])
def test_what_is_no_class_has_no_schema_and_no_formats(wrong: object) -> None:
    for asked in (message_schema, format_fields):
        with pytest.raises(DefinitionError, match="is no class; give"):
            cast("Callable[[object], object]", asked)(wrong)


@pytest.mark.parametrize("wrong", [None, [], Sold, Item(item="tea"), 3])
def test_what_is_no_view_reads_nothing(wrong: object) -> None:
    with pytest.raises(DefinitionError, match="is no view"):
        list(view_flaws(cast("Any", wrong), [Sold]))
    with pytest.raises(DefinitionError, match="is no view"):
        view_problems(cast("Any", wrong), message_schema(Sold))


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (None, "give a list of the classes that Item reads"),
        ([], "give a list of the classes that Item reads"),
        (Sold, "give a list of the classes that Item reads"),
        ([SOLD], "is no class; give the class of an integration event"),
        ([None], "is no class; give the class of an integration event"),
    ],
)
def test_a_view_is_held_to_classes_that_are_published(wrong: object, advice: str) -> None:
    with pytest.raises(DefinitionError, match=advice):
        list(view_flaws(Item, cast("Any", wrong)))
