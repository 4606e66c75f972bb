from __future__ import annotations

from decimal import Decimal

import pytest

from leftfold.domain import Aggregate, Decider, Folding, applies, lifecycle
from leftfold.domain.folding import Fact
from leftfold.errors import (
    DamagedPayload,
    DefinitionError,
    ReadOnly,
    UnknownEventType,
    UnknownSchemaVersion,
    UpcastFailed,
)
from leftfold.messages import Codec, Event, Metadata, Registry, Upcast


class Deposited(Event):
    amount: Decimal


class Renamed(Event):
    owner: str


class RenamedV2(Event, name="Renamed", version=2):
    owner: str
    why: str


class Elsewhere(Event):
    pass


class Strict(Event):
    amount: int

    def __post_init__(self) -> None:
        raise ZeroDivisionError


class Account(Aggregate[Deposited | Renamed]):
    balance: Decimal = Decimal(0)
    owner: str = ""

    @applies
    def _deposited(self, event: Deposited) -> None:
        if event.amount < 0:
            raise ValueError("negative")
        self.balance += event.amount

    @applies
    def _renamed(self, event: Renamed) -> None:
        self.owner = event.owner


def evolve(balance: Decimal, event: Deposited) -> Decimal:
    return balance + event.amount


def decide(command: Deposited, _balance: Decimal) -> list[Deposited]:
    return [command]


REGISTRY = Registry("bank", Deposited | Renamed, RenamedV2, Elsewhere, aliases={"PaidIn": Deposited})
CODEC = Codec(REGISTRY)
FACTS: list[Fact] = [
    (1, "Renamed", 1, b'{"owner":"U"}'),
    (2, "Deposited", 1, b'{"amount":"1.10"}'),
    (3, "PaidIn", 1, '{"amount":"2.20"}'),
]


def load(*facts: Fact) -> Account:
    account = Account("A")
    lifecycle.load(Folding(lifecycle.core_of(Account), CODEC), account, facts, "account-A")
    return account


def test_facts_are_folded_into_an_aggregate_in_order_bytes_text_and_aliases_alike() -> None:
    account = load(*FACTS)
    assert (account.owner, account.balance, account.version) == ("U", Decimal("3.30"), 3)
    assert lifecycle.pending(account) == ()


def test_facts_are_folded_page_by_page_and_recording_goes_on_from_there() -> None:
    account, folding = Account("A"), Folding(lifecycle.core_of(Account), CODEC)
    for page in (FACTS[:2], FACTS[2:], []):
        lifecycle.load(folding, account, page, "account-A")
    account.record(Deposited(amount=Decimal(1)))
    account.record(Deposited(amount=Decimal(2)))
    assert account.version == 5
    taken = lifecycle.take(account)
    assert taken.expected == 3
    assert [each.event for each in taken.events] == [Deposited(amount=Decimal(1)), Deposited(amount=Decimal(2))]
    assert lifecycle.take(account) == lifecycle.Taken(5, ())


def test_a_sealed_aggregate_stays_sealed_when_more_is_loaded() -> None:
    account = Account("A")
    lifecycle.seal(account)
    lifecycle.load(Folding(lifecycle.core_of(Account), CODEC), account, FACTS, "account-A")
    with pytest.raises(ReadOnly):
        account.record(Deposited(amount=Decimal(1)))


def test_facts_are_folded_into_the_state_of_a_decider() -> None:
    core = lifecycle.core_of(Decider(decide, evolve, Decimal(0), category="account"))
    folding = Folding(core, CODEC)
    assert folding.fold(core.initial("A"), FACTS[1:], stream="account-A") == (Decimal("3.30"), 3)
    assert folding.fold(core.initial("A"), [], stream="account-A") == (Decimal(0), 0)


@pytest.mark.parametrize(
    ("fact", "error"),
    [
        ((4, "Deposited", 1, b"{}"), DamagedPayload),
        ((4, "Deposited", 1, b"\xff"), DamagedPayload),
        ((4, "Withdrawn", 1, b"{}"), UnknownEventType),
        ((4, "Deposited", 2, b"{}"), UnknownSchemaVersion),
        ((4, "Renamed", 2, b'{"owner":"U","why":""}'), UnknownSchemaVersion),
        ((4, "Elsewhere", 1, b"{}"), UnknownEventType),
    ],
)
def test_what_cannot_be_folded_is_an_error_with_stream_and_version(fact: Fact, error: type[DamagedPayload]) -> None:
    with pytest.raises(error) as caught:
        load(*FACTS, fact)
    assert (caught.value.stream, caught.value.version) == ("account-A", 4)
    assert (caught.value.type, caught.value.schema_version) == fact[1:3]


def test_any_error_of_a_post_init_is_damage_with_its_cause() -> None:
    class Holder(Aggregate[Strict]):
        @applies
        def _strict(self, event: Strict) -> None:
            pass

    folding = Folding(lifecycle.core_of(Holder), Codec(Registry("strict", Strict)))
    with pytest.raises(DamagedPayload, match="stream 'holder-A' version 7") as caught:
        lifecycle.load(folding, Holder("A"), [(7, "Strict", 1, b'{"amount":1}')], "holder-A")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_error_of_an_applies_method_stays_itself_and_says_where() -> None:
    with pytest.raises(ValueError, match="negative") as caught:
        load(*FACTS, (4, "Deposited", 1, b'{"amount":"-1"}'))
    assert caught.value.__notes__ == ["while folding version 4 of stream 'account-A'"]


def test_an_applies_method_that_records_while_loading_is_refused() -> None:
    class Echo(Aggregate[Elsewhere]):
        @applies
        def _elsewhere(self, event: Elsewhere) -> None:
            self.record(event)

    folding = Folding(lifecycle.core_of(Echo), CODEC)
    with pytest.raises(DefinitionError, match="only folds"):
        lifecycle.load(folding, Echo("A"), [(1, "Elsewhere", 1, b"{}")], "echo-A")


def test_a_vocabulary_that_is_not_registered_is_found_when_folding_is_set_up() -> None:
    with pytest.raises(DefinitionError, match="Deposited"):
        Folding(lifecycle.core_of(Account), Codec(Registry("empty", Elsewhere)))


class Wrapped:
    def dump(self, data: bytes, *, type: str, schema_version: int, metadata: Metadata) -> bytes:
        return b"[" + data + b"]"

    def load(self, data: bytes, *, type: str, schema_version: int) -> bytes:
        return data[1:-1]


def test_a_fold_reads_through_the_transform() -> None:
    codec = Codec(REGISTRY, Wrapped())
    stored = codec.encode(Deposited(amount=Decimal(5))).data
    account = Account("A")
    folding = Folding(lifecycle.core_of(Account), codec)
    lifecycle.load(folding, account, [(1, "Deposited", 1, stored), (2, "Deposited", 1, stored.decode())], "account-A")
    assert account.balance == 10


# ---- upcasts --------------------------------------------------------------------------------------------------------


class Moved(Event):
    """Was a withdrawal and a deposit."""

    amount: Decimal
    owner: str


class Noted(Event):
    text: str


class Corrected(Event):
    cents: int


def moving_is_two(old: Moved) -> tuple[Deposited, Renamed, Deposited]:
    return Deposited(amount=old.amount), Renamed(owner=old.owner), Deposited(amount=old.amount * 2)


def a_note_is_nothing(_old: Noted) -> None:
    return None


def a_correction_is_a_deposit(old: Corrected) -> Deposited | None:
    return Deposited(amount=Decimal(old.cents) / 100) if old.cents else None


UPCASTS: list[Upcast] = [moving_is_two, a_note_is_nothing, a_correction_is_a_deposit]
RISEN: list[Fact] = [
    (1, "Noted", 1, b'{"text":"x"}'),
    (2, "Moved", 1, b'{"amount":"1","owner":"U"}'),
    (3, "Corrected", 1, b'{"cents":50}'),
    (4, "Corrected", 1, b'{"cents":0}'),
    (5, "Noted", 1, b'{"text":"y"}'),
]


def risen(account: Account, *facts: Fact, upcasts: list[Upcast] = UPCASTS) -> None:
    codec = Codec(Registry("bank", Deposited | Renamed, upcasts=upcasts))
    lifecycle.load(Folding(lifecycle.core_of(Account), codec), account, facts, "account-A")


def test_an_aggregate_folds_what_upcasts_make_of_old_events_and_its_version_counts_what_is_stored() -> None:
    account = Account("A")
    risen(account, *RISEN)
    assert (account.balance, account.owner, account.version) == (Decimal("3.50"), "U", 5)
    account.record(Deposited(amount=Decimal(1)))
    assert (lifecycle.take(account).expected, account.version) == (5, 6)


def test_a_decider_folds_what_upcasts_make_of_old_events() -> None:
    def moving(old: Moved) -> tuple[Deposited, ...]:
        return (Deposited(amount=old.amount),) * 3

    core = lifecycle.core_of(Decider(decide, evolve, Decimal(0), category="account"))
    codec = Codec(Registry("bank", Deposited, upcasts=[moving, a_note_is_nothing, a_correction_is_a_deposit]))
    assert Folding(core, codec).fold(core.initial("A"), RISEN, stream="account-A") == (Decimal("3.50"), 5)


def test_a_failed_upcast_is_an_error_with_stream_and_version_and_no_note() -> None:
    def broken(old: Noted) -> Deposited:
        return Deposited(amount=Decimal(old.text))

    with pytest.raises(UpcastFailed) as caught:
        risen(Account("A"), *RISEN, upcasts=[broken, *UPCASTS[::2]])
    error = caught.value
    assert (error.stream, error.version, error.type, error.schema_version) == ("account-A", 1, "Noted", 1)
    assert error.function.endswith("broken")
    assert isinstance(error.__cause__, ArithmeticError)
    assert not hasattr(error, "__notes__")


def test_an_error_of_an_applies_method_behind_an_upcast_stays_itself_and_says_where() -> None:
    with pytest.raises(ValueError, match="negative") as caught:
        risen(Account("A"), *RISEN, (6, "Corrected", 1, b'{"cents":-1}'))
    assert caught.value.__notes__ == ["while folding version 6 of stream 'account-A'"]


def test_what_an_upcast_may_lead_to_has_to_be_of_the_vocabulary() -> None:
    def elsewhere(old: Noted) -> Deposited | Elsewhere:
        return Elsewhere() if old.text else Deposited(amount=Decimal(1))

    codec = Codec(Registry("bank", Deposited | Renamed, Elsewhere, upcasts=[elsewhere]))
    with pytest.raises(UnknownEventType, match="Elsewhere is not of the vocabulary") as caught:
        lifecycle.load(Folding(lifecycle.core_of(Account), codec), Account("A"), RISEN[:1], "account-A")
    assert (caught.value.type, caught.value.version) == ("Noted", 1)


def test_an_event_of_the_vocabulary_that_is_upcast_is_found_when_folding_is_set_up() -> None:
    def overtaking(old: Renamed) -> Deposited:
        return Deposited(amount=Decimal(len(old.owner)))

    with pytest.raises(DefinitionError, match=r"Renamed is of the vocabulary of 'account'.*overtaking upcasts it"):
        risen(Account("A"), upcasts=[overtaking])
