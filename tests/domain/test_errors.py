from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from typing import ClassVar

import pytest

from leftfold.domain import DomainError
from leftfold.errors import DefinitionError, LeftfoldError


class InsufficientFunds(DomainError):
    """Insufficient
    funds. The rest is for readers."""

    status: ClassVar[int] = 409
    balance: Decimal
    requested: Decimal = Decimal(0)


class BlockedAccount(DomainError):
    pass


class InsufficientFundsToday(InsufficientFunds):
    day: str


def test_a_refusal_is_no_error_of_the_framework() -> None:
    assert not issubclass(DomainError, LeftfoldError)


def test_fields_are_keywords_attributes_and_part_of_the_text() -> None:
    error = InsufficientFunds(balance=Decimal(1300), requested=Decimal(5000))
    assert (error.balance, error.requested) == (Decimal(1300), Decimal(5000))
    assert str(error) == "Insufficient funds. (balance=1300, requested=5000)"
    assert error.fields == {"balance": Decimal(1300), "requested": Decimal(5000)}


def test_a_field_with_a_default_may_be_left_out() -> None:
    assert str(InsufficientFunds(balance=Decimal(1))) == "Insufficient funds. (balance=1, requested=0)"


def test_without_a_docstring_the_class_name_speaks() -> None:
    assert str(BlockedAccount()) == "Blocked account."


def test_a_derived_error_has_the_fields_of_both() -> None:
    error = InsufficientFundsToday(balance=Decimal(1), day="Monday")
    assert str(error) == "Insufficient funds today. (balance=1, requested=0, day=Monday)"


def test_missing_and_unknown_fields_are_type_errors() -> None:
    with pytest.raises(TypeError, match="balance"):
        InsufficientFunds()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match="amount"):
        InsufficientFunds(balance=Decimal(1), amount=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match=r"InsufficientFunds takes balance, requested by name.*its docstring says"):
        InsufficientFunds(Decimal(1))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_a_text_given_to_an_error_without_fields_is_told_where_its_text_is_from() -> None:
    with pytest.raises(TypeError, match=r"BlockedAccount takes no fields, and not 'blocked'; .* its docstring says"):
        BlockedAccount("blocked")  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue]


def test_a_field_that_every_error_has_is_refused_at_the_class_statement() -> None:
    with pytest.raises(DefinitionError, match="args"):
        type("Bad", (DomainError,), {"__annotations__": {"args": int}})


def test_a_refusal_survives_copying_and_pickling() -> None:
    error = InsufficientFundsToday(balance=Decimal(1), day="Monday")
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is InsufficientFundsToday
        assert twin.fields == error.fields
