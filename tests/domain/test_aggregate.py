# pyright: reportUnusedClass=false
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import new_class
from typing import ClassVar, Generic, TypeVar, cast

import msgspec
import pytest

from leftfold.domain import Aggregate, applies, lifecycle
from leftfold.errors import DefinitionError, InvalidAppend, InvalidStreamName, ReadOnly
from leftfold.messages import Event, event


class Opened(Event):
    owner: str


class Deposited(Event):
    amount: Decimal


@event
@dataclass(frozen=True)
class Closed:
    pass


AccountEvent = Opened | Deposited | Closed


class BankAccount(Aggregate[AccountEvent]):
    limit: ClassVar[dict[str, int]] = {"daily": 5}
    owner: str
    balance: Decimal = Decimal(0)
    history: list[Decimal] = []  # noqa: RUF012
    by_day: dict[str, int] = {}  # noqa: RUF012
    seen: set[str] = set()  # noqa: RUF012

    def open(self, owner: str) -> None:
        self.record(Opened(owner=owner))

    def deposit(self, amount: Decimal) -> Decimal:
        self.record(Deposited(amount=amount))
        return self.balance

    @applies
    def _opened(self, event: Opened) -> None:
        self.owner = event.owner
        self.seen.add(event.owner)

    @applies
    def _deposited(self, event: Deposited) -> None:
        if event.amount == 13:
            raise ZeroDivisionError
        self.balance += event.amount
        self.history.append(event.amount)

    @applies
    def _closed(self, event: Closed) -> None:
        pass


def test_record_applies_at_once_counts_the_version_and_keeps_the_event() -> None:
    account = BankAccount("A")
    account.open("U")
    assert account.deposit(Decimal(5)) == Decimal(5)
    assert (account.id, account.owner, account.version) == ("A", "U", 2)
    assert [each.event for each in lifecycle.pending(account)] == [Opened(owner="U"), Deposited(amount=Decimal(5))]
    assert repr(account) == "<BankAccount 'A' at version 2>"


def test_state_before_the_first_event_is_the_defaults_and_nothing_else() -> None:
    account = BankAccount("A")
    assert (account.balance, account.version) == (Decimal(0), 0)
    assert not hasattr(account, "owner")


def test_empty_containers_are_not_shared_between_instances() -> None:
    account, other = BankAccount("A"), BankAccount("B")
    account.open("U")
    account.deposit(Decimal(1))
    account.by_day["x"] = 1
    assert (other.history, other.by_day, other.seen) == ([], {}, set())
    assert (account.history, account.by_day, account.seen) == ([Decimal(1)], {"x": 1}, {"U"})
    assert account.limit is BankAccount.limit


def test_valid_time_and_tags_stay_with_the_event() -> None:
    day = datetime(1993, 1, 1, tzinfo=UTC)
    account = BankAccount("A")
    account.record(Closed(), valid_at=day, tags=("x", "y"))
    (kept,) = lifecycle.pending(account)
    assert (kept.event, kept.valid_at, kept.tags) == (Closed(), day, ("x", "y"))


def test_a_valid_time_without_a_zone_is_refused_and_nothing_is_recorded() -> None:
    account = BankAccount("A")
    with pytest.raises(InvalidAppend, match="zone"):
        account.record(Closed(), valid_at=datetime(1993, 1, 1))  # noqa: DTZ001
    assert (account.version, lifecycle.pending(account)) == (0, ())


def test_an_event_that_cannot_be_applied_is_not_recorded() -> None:
    account = BankAccount("A")
    with pytest.raises(ZeroDivisionError):
        account.deposit(Decimal(13))
    assert (account.version, lifecycle.pending(account)) == (0, ())
    account.deposit(Decimal(1))
    assert account.version == 1


def test_a_foreign_event_is_refused_with_the_names_of_its_own() -> None:
    class Stranger(Event):
        pass

    account = BankAccount("A")
    with pytest.raises(DefinitionError, match=r"Stranger; its events are: Opened, Deposited, Closed"):
        account.record(Stranger())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert account.version == 0


def test_a_sealed_aggregate_records_nothing() -> None:
    account = BankAccount("A")
    assert not lifecycle.is_sealed(account)
    lifecycle.seal(account)
    assert lifecycle.is_sealed(account)
    with pytest.raises(ReadOnly, match="bank_account-A"):
        account.deposit(Decimal(1))
    assert (account.version, account.balance) == (0, Decimal(0))


def test_an_applies_method_that_records_is_refused() -> None:
    class Echo(Aggregate[Opened | Closed]):
        @applies
        def _opened(self, event: Opened) -> None:
            self.record(Closed())

        @applies
        def _closed(self, event: Closed) -> None:
            pass

    with pytest.raises(DefinitionError, match="only folds"):
        Echo("A").record(Opened(owner="U"))


def test_an_empty_id_is_refused() -> None:
    with pytest.raises(InvalidStreamName, match="empty"):
        BankAccount("")


def test_the_category_is_the_class_name_in_snake_case_unless_it_is_given() -> None:
    class HTTPAccount2(Aggregate[Closed]):
        @applies
        def _closed(self, event: Closed) -> None:
            pass

    class Named(Aggregate[Closed], category="Konto"):
        @applies
        def _closed(self, event: Closed) -> None:
            pass

    categories = [lifecycle.core_of(cls).category for cls in (BankAccount, HTTPAccount2, Named)]
    assert categories == ["bank_account", "http_account2", "Konto"]


def test_one_method_may_apply_several_events() -> None:
    class Counter(Aggregate[Opened | Closed]):
        count: int = 0

        @applies
        def _any(self, event: Opened | Closed) -> None:
            self.count += 1

    counter = Counter("A")
    counter.record(Opened(owner="U"))
    counter.record(Closed())
    assert counter.count == 2


def test_a_derived_aggregate_has_the_events_of_its_base_and_may_override_methods() -> None:
    class Savings(BankAccount, category="savings"):
        @applies
        def _deposited(self, event: Deposited) -> None:
            self.balance += event.amount * 2

    savings = Savings("A")
    savings.deposit(Decimal(1))
    assert savings.balance == Decimal(2)
    assert lifecycle.core_of(Savings).category == "savings"


E = TypeVar("E")
Method = Callable[[object, Closed], None]


def test_a_base_that_is_generic_in_its_events_is_no_aggregate_itself() -> None:
    class Audited(Aggregate[E], Generic[E]):
        notes: list[str] = []  # noqa: RUF012

    class Concrete(Audited[Closed]):
        @applies
        def _closed(self, event: Closed) -> None:
            self.notes.append("closed")

    with pytest.raises(DefinitionError, match="no vocabulary"):
        Audited[Closed]("A")
    first, second = Concrete("A"), Concrete("B")
    first.record(Closed())
    assert (first.notes, second.notes) == (["closed"], [])


def test_events_local_to_a_function_are_found_though_annotations_are_text() -> None:
    class Local(Event):
        pass

    class Holder(Aggregate[Local]):
        seen: bool = False

        @applies
        def _local(self, event: Local) -> None:
            self.seen = True

    holder = Holder("A")
    holder.record(Local())
    assert holder.seen


def test_a_local_event_that_has_the_name_of_another_of_the_module_is_refused() -> None:
    class Closed(Event):
        pass

    with pytest.raises(DefinitionError, match="'Closed' is one thing in the module and another in the function"):

        class Holder(Aggregate[Closed]):
            @applies
            def _closed(self, event: Closed) -> None:
                pass


def test_a_vocabulary_given_as_text_is_resolved() -> None:
    class Late(Aggregate["AccountEvent"]):
        @applies
        def _any(self, event: AccountEvent) -> None:
            pass

    assert lifecycle.core_of(Late).vocabulary == (Opened, Deposited, Closed)


def test_everything_wrong_with_a_class_statement_is_in_one_error() -> None:
    class Stranger(Event):
        pass

    with pytest.raises(DefinitionError) as caught:

        class Bad(Aggregate[AccountEvent], category="bank-account"):
            items: list[int] = [1]  # noqa: RUF012

            def __init__(self) -> None:
                self.items = []

            @applies
            def _one(self, event: Opened) -> None:
                pass

            @applies
            def _two(self, event: Opened) -> None:
                pass

            @applies
            def _three(self, event: Stranger) -> None:
                pass

            @applies
            def _four(self, event) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
                pass

            @applies  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
            async def _five(self, event: Closed) -> None:
                pass

    findings = caught.value.findings
    assert len(findings) == 8
    assert all("aggregate" in finding and "Bad: " in finding for finding in findings)
    for words in (
        "hyphen",
        "__init__",
        "'items'",
        "_one and _two",
        "Stranger",
        "'event'",
        "async",
        "Deposited, Closed",
    ):
        assert [words in finding for finding in findings].count(True) == 1


def _yields(_self: object, _event: Closed) -> Iterator[None]:
    yield


def _by_name(_self: object, *, event: Closed) -> None:
    raise AssertionError(event)


def _more(_self: object, _event: Closed, more: str) -> None:
    raise AssertionError(more)


@pytest.mark.parametrize(
    ("method", "advice"),
    [
        (_yields, "_yields yields, so a call of it does nothing yet; write a plain def that returns"),
        (_by_name, "_by_name takes 'event' by its name alone; write no * before it"),
        (_more, "fold takes the event, and nothing else beside self"),
    ],
)
def test_a_method_that_cannot_fold_is_refused_at_the_class_statement(method: Callable[..., None], advice: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(advice)):
        new_class("Bad", (Aggregate[Closed],), {}, lambda body: body.update(fold=applies(method)))


def test_brackets_behind_applies_are_refused_with_how_it_is_written() -> None:
    with pytest.raises(DefinitionError, match="@applies has no brackets; write it alone above the method"):
        cast("Callable[[], object]", applies)()


def test_an_inherited_init_is_refused_too() -> None:
    class Mixin:
        def __init__(self) -> None:
            self.surprise = 1

    with pytest.raises(DefinitionError, match="__init__"):

        class Bad(Mixin, Aggregate[Closed]):
            @applies
            def _closed(self, event: Closed) -> None:
                pass


def test_a_shared_default_is_refused_whatever_can_change() -> None:
    for shared in ([1], {"a": 1}, {1}, bytearray()):
        with pytest.raises(DefinitionError, match="share"):
            type("Bad", (BankAccount,), {"__annotations__": {"state": list}, "state": shared})


@pytest.mark.parametrize(
    ("namespace", "told"),
    [
        ({"__annotations__": {"version": "int"}}, "'version' counts its events"),
        ({"version": 1}, "'version' counts its events"),
        ({"id": ""}, "'id' says which one it is"),
        ({"lines": cast("object", field(default=0))}, "the default of 'lines' is a field()"),
        ({"lines": cast("object", msgspec.field(default=0))}, "the default of 'lines' is a field()"),
    ],
)
def test_an_attribute_that_would_be_another_thing_is_refused(namespace: dict[str, object], told: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(told)):
        type("Bad", (BankAccount,), namespace)


def test_an_aggregate_that_was_made_a_dataclass_is_told_so() -> None:
    bare = type("Made", (BankAccount,), {"__annotations__": {"owner": "str"}})
    made = cast("type[BankAccount]", dataclass(bare))
    with pytest.raises(DefinitionError, match="leave @dataclass out"):
        made("A").record(Closed())
    with pytest.raises(DefinitionError, match="leave @dataclass out"):
        lifecycle.core_of(made)


def test_an_aggregate_without_vocabulary_or_with_one_of_no_events_is_refused() -> None:
    with pytest.raises(DefinitionError, match="names no events"):

        class Nothing(Aggregate):  # type: ignore[type-arg]  # pyright: ignore[reportMissingTypeArgument]
            pass

    with pytest.raises(DefinitionError, match="derive it from Event"):

        class Numbers(Aggregate[int | Closed]):
            @applies
            def _closed(self, event: Closed) -> None:
                pass

    with pytest.raises(DefinitionError, match="Nowhere"):
        new_class("Unknown", (Aggregate["Nowhere"],))  # type: ignore[name-defined]  # pyright: ignore[reportUndefinedVariable]


def test_a_name_unknown_at_run_time_says_to_import_it() -> None:
    def fold(self: object, event: object) -> None:
        pass

    fold.__annotations__["event"] = "OnlyForCheckers"
    with pytest.raises(DefinitionError, match=r"'OnlyForCheckers' is not known at run time; import it"):
        type("Bad", (BankAccount,), {"_closed": applies(fold)})


def test_the_decorator_goes_directly_above_a_method() -> None:
    def fold(_self: object, _event: Closed) -> None:
        pass

    with pytest.raises(DefinitionError, match="directly above a method"):
        applies(cast("Method", staticmethod(fold)))
