from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

import pytest

from leftfold.domain import Decider, DomainError, lifecycle
from leftfold.errors import DefinitionError
from leftfold.messages import Event


class Deposited(Event):
    amount: Decimal


class Withdrawn(Event):
    amount: Decimal


AccountEvent = Deposited | Withdrawn


class Withdraw(Event):
    amount: Decimal


class Empty(Event):
    pass


class Overdrawn(DomainError):
    pass


def evolve(balance: Decimal, event: AccountEvent) -> Decimal:
    match event:
        case Deposited(amount=amount):
            return balance + amount
        case Withdrawn(amount=amount):
            return balance - amount


def decide(command: Withdraw | Empty, balance: Decimal) -> Iterable[AccountEvent]:
    match command:
        case Withdraw(amount=amount):
            if amount > balance:
                raise Overdrawn
            yield Withdrawn(amount=amount)
        case Empty():
            if balance:
                yield Withdrawn(amount=balance)


account = Decider(decide, evolve, Decimal(0), category="account")


def test_vocabulary_and_commands_are_read_from_the_annotations() -> None:
    assert account.vocabulary == (Deposited, Withdrawn)
    assert account.commands == (Withdraw, Empty)


def test_it_decides_events_nothing_or_no() -> None:
    assert account.decided(Withdraw(amount=Decimal(3)), Decimal(5)) == (Withdrawn(amount=Decimal(3)),)
    assert account.decided(Empty(), Decimal(0)) == ()
    with pytest.raises(Overdrawn):
        account.decided(Withdraw(amount=Decimal(3)), Decimal(2))


def test_a_decision_that_is_forgotten_is_refused() -> None:
    def wrong(_command: Empty, _balance: Decimal) -> list[AccountEvent]:
        return None  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    with pytest.raises(DefinitionError, match=r"answered Empty with None; let it return events, \[\] for none"):
        Decider(wrong, evolve, Decimal(0), category="account").decided(Empty(), Decimal(0))


def test_an_event_outside_the_vocabulary_is_refused() -> None:
    def wrong(command: Empty, _balance: Decimal) -> list[AccountEvent]:
        return [command]  # type: ignore[list-item]  # pyright: ignore[reportReturnType]

    with pytest.raises(DefinitionError, match=r"Empty; its events are: Deposited, Withdrawn"):
        Decider(wrong, evolve, Decimal(0), category="account").decided(Empty(), Decimal(0))


def test_its_core_folds_values() -> None:
    core = lifecycle.core_of(account)
    assert core.initial("A") == Decimal(0)
    assert core.evolve(Decimal(1), Deposited(amount=Decimal(2))) == Decimal(3)
    assert (core.category, core.vocabulary, core.applies) == ("account", (Deposited, Withdrawn), None)


def test_a_state_that_evolve_changes_is_no_others() -> None:
    def add(totals: dict[str, Decimal], event: AccountEvent) -> dict[str, Decimal]:
        totals[type(event).__name__] = totals.get(type(event).__name__, Decimal(0)) + event.amount
        return totals

    def nothing(_command: Empty, _totals: dict[str, Decimal]) -> Iterable[AccountEvent]:
        return []

    none: dict[str, Decimal] = {}
    core = lifecycle.core_of(Decider(nothing, add, none, category="totals"))
    for _ in range(2):
        assert core.evolve(core.initial("A"), Deposited(amount=Decimal(1))) == {"Deposited": Decimal(1)}


def test_a_decision_that_is_one_event_and_no_list_is_refused() -> None:
    def one(_command: Empty, balance: Decimal) -> Iterable[AccountEvent]:
        return cast("Iterable[AccountEvent]", Deposited(amount=balance))

    with pytest.raises(DefinitionError, match="answered Empty with a Deposited; let it return a list of events"):
        Decider(one, evolve, Decimal(0), category="one").decided(Empty(), Decimal(0))


def test_classes_local_to_a_function_are_found_though_annotations_are_text() -> None:
    class Local(Event):
        pass

    def fold(state: int, _event: Local) -> int:
        return state + 1

    def choose(command: Local, _state: int) -> list[Local]:
        return [command]

    local = Decider(choose, fold, 0, category="local")
    assert (local.vocabulary, local.commands) == ((Local,), (Local,))


def test_everything_wrong_is_in_one_error() -> None:
    async def fold(state: int, _event: Deposited) -> int:
        return state

    def choose(_command, _state: int) -> list[Deposited]:  # type: ignore[no-untyped-def]  # noqa: ANN001  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
        return []

    with pytest.raises(DefinitionError) as caught:
        Decider(choose, fold, 0, category="a-b")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportUnknownArgumentType]
    assert len(caught.value.findings) == 3
    for words in ("async", "'_command'", "hyphen"):
        assert words in str(caught.value)


def test_a_vocabulary_of_no_events_is_refused() -> None:
    def fold(state: int, _event: int) -> int:
        return state

    def choose(_command: Empty, _state: int) -> list[int]:
        return []

    with pytest.raises(DefinitionError, match="derive it from Event"):
        Decider(choose, fold, 0, category="numbers")


@pytest.mark.parametrize("given", [None, "evolve", Decimal])
def test_what_is_no_function_neither_decides_nor_evolves(given: object) -> None:
    wrong: Any = given
    with pytest.raises(DefinitionError, match=r"decider 'x': .* is no function; give one that takes \(state, event\)"):
        Decider(decide, wrong, Decimal(0), category="x")
    with pytest.raises(
        DefinitionError, match=r"decider 'x': .* is no function; give one that takes \(command, state\)"
    ):
        Decider(wrong, evolve, Decimal(0), category="x")


def test_a_function_with_too_few_parameters_is_refused() -> None:
    with pytest.raises(DefinitionError, match="needs 2 parameters, it has 1"):
        Decider(decide, lambda state: state, Decimal(0), category="x")  # type: ignore[misc, arg-type]  # pyright: ignore[reportArgumentType]


def test_a_function_that_is_not_called_with_two_is_refused() -> None:
    def fold(balance: Decimal, event: AccountEvent, _rate: int) -> Decimal:
        return evolve(balance, event)

    def choose(_command: Empty) -> list[AccountEvent]:
        return []

    with pytest.raises(DefinitionError) as caught:
        Decider(choose, fold, Decimal(0), category="x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert caught.value.findings == (
        "decider 'x': choose takes (command, state), and nothing else",
        "decider 'x': fold takes (state, event), and nothing else",
    )
