from __future__ import annotations

from decimal import Decimal

import pytest

from leftfold.domain import Aggregate, Decider, Folding, applies, lifecycle
from leftfold.domain.folding import Fact
from leftfold.errors import DamagedPayload, DefinitionError, ReadOnly, UnknownEventType, UnknownSchemaVersion
from leftfold.messages import Codec, Event, Metadata, Registry


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
