"""The laws of the store port as a suite that any store can be held to.

In: fixtures that open stores and move time. Out: one test per law; a store that does nothing fails every one of them.
May import: store and the rooms above it, pytest and Hypothesis.

Use it by subclassing, with two fixtures::

    class TestMyStore(StoreConformance):
        @pytest.fixture
        async def opener(self, tmp_path):
            async def open_one() -> MyStore: ...   # every call opens the same log again, as another process would
            yield open_one

        @pytest.fixture
        async def later(self):
            async def move(seconds: float) -> None: ...   # the clock of every store that opener opened or will open
            return move
"""

from leftfold.testing.conformance.advances import AdvanceLaws
from leftfold.testing.conformance.appends import AppendLaws
from leftfold.testing.conformance.checkpoints import CheckpointLaws
from leftfold.testing.conformance.company import CompanyLaws
from leftfold.testing.conformance.conditions import ConditionLaws
from leftfold.testing.conformance.content import ContentLaws
from leftfold.testing.conformance.generations import GenerationLaws
from leftfold.testing.conformance.groups import GroupLaws
from leftfold.testing.conformance.inline import InlineLaws
from leftfold.testing.conformance.listing import ListingLaws
from leftfold.testing.conformance.machine import check_against_reference
from leftfold.testing.conformance.machine_work import check_work_against_reference
from leftfold.testing.conformance.reads import ReadLaws
from leftfold.testing.conformance.repeats import RepeatLaws
from leftfold.testing.conformance.restores import RestoreLaws
from leftfold.testing.conformance.rows import RowLaws
from leftfold.testing.conformance.searches import SearchLaws
from leftfold.testing.conformance.selections import SelectionLaws
from leftfold.testing.conformance.snapshots import SnapshotLaws
from leftfold.testing.conformance.stores import Later, Opener
from leftfold.testing.conformance.timeline import TimelineLaws
from leftfold.testing.conformance.transactions import TransactionLaws
from leftfold.testing.conformance.waking import WakeLaws
from leftfold.testing.conformance.work import WorkLaws
from leftfold.testing.conformance.work_claims import WorkClaimLaws
from leftfold.testing.conformance.work_lists import WorkListLaws
from leftfold.testing.conformance.work_restores import WorkRestoreLaws
from leftfold.testing.conformance.work_waking import WorkWakeLaws

__all__ = [
    "AdvanceLaws",
    "AppendLaws",
    "CheckpointLaws",
    "CompanyLaws",
    "ConditionLaws",
    "ContentLaws",
    "GenerationLaws",
    "GroupLaws",
    "InlineLaws",
    "Later",
    "ListingLaws",
    "Opener",
    "ReadLaws",
    "RepeatLaws",
    "RestoreLaws",
    "RowLaws",
    "SearchLaws",
    "SelectionLaws",
    "SnapshotLaws",
    "StoreConformance",
    "TimelineLaws",
    "TransactionLaws",
    "WakeLaws",
    "WorkClaimLaws",
    "WorkLaws",
    "WorkListLaws",
    "WorkRestoreLaws",
    "WorkWakeLaws",
    "check_against_reference",
    "check_work_against_reference",
]


class StoreConformance(
    AppendLaws,
    RepeatLaws,
    ReadLaws,
    ConditionLaws,
    ContentLaws,
    GroupLaws,
    CompanyLaws,
    WakeLaws,
    RestoreLaws,
    TimelineLaws,
    ListingLaws,
    SnapshotLaws,
    RowLaws,
    SelectionLaws,
    SearchLaws,
    GenerationLaws,
    TransactionLaws,
    InlineLaws,
    CheckpointLaws,
    AdvanceLaws,
    WorkLaws,
    WorkListLaws,
    WorkClaimLaws,
    WorkWakeLaws,
    WorkRestoreLaws,
):
    """Every law of a store. Subclass it and give the `opener` and `later` fixtures."""
