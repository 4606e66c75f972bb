"""The laws of the store port as a suite that any store can be held to.

In: a fixture that opens stores. Out: one test per law; a store that does nothing fails every one of them.
May import: store and the rooms above it, pytest and Hypothesis.

Use it by subclassing, with one fixture::

    class TestMyStore(StoreConformance):
        @pytest.fixture
        async def opener(self, tmp_path):
            async def open_one() -> MyStore: ...   # every call opens the same log again, as another process would
            yield open_one
"""

from leftfold.testing.conformance.appends import AppendLaws
from leftfold.testing.conformance.conditions import ConditionLaws
from leftfold.testing.conformance.content import ContentLaws
from leftfold.testing.conformance.groups import GroupLaws
from leftfold.testing.conformance.listing import ListingLaws
from leftfold.testing.conformance.machine import check_against_reference
from leftfold.testing.conformance.reads import ReadLaws
from leftfold.testing.conformance.repeats import RepeatLaws
from leftfold.testing.conformance.restores import RestoreLaws
from leftfold.testing.conformance.snapshots import SnapshotLaws
from leftfold.testing.conformance.stores import Opener
from leftfold.testing.conformance.timeline import TimelineLaws
from leftfold.testing.conformance.waking import WakeLaws

__all__ = [
    "AppendLaws",
    "ConditionLaws",
    "ContentLaws",
    "GroupLaws",
    "ListingLaws",
    "Opener",
    "ReadLaws",
    "RepeatLaws",
    "RestoreLaws",
    "SnapshotLaws",
    "StoreConformance",
    "TimelineLaws",
    "WakeLaws",
    "check_against_reference",
]


class StoreConformance(
    AppendLaws,
    RepeatLaws,
    ReadLaws,
    ConditionLaws,
    ContentLaws,
    GroupLaws,
    WakeLaws,
    RestoreLaws,
    TimelineLaws,
    ListingLaws,
    SnapshotLaws,
):
    """Every law of a store. Subclass it and give the `opener` fixture."""
