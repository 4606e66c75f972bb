"""Settings of followers are checked when they are made, not when something fails for the first time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import Context, Event
from leftfold.errors import DefinitionError
from leftfold.subscriptions import Failing, Policy, Retry, Timing

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("given_as", "flaw"),
    [
        ({"lease_s": 0}, "lease_s=0; a lease is above 0"),
        ({"lease_s": -1}, "lease_s=-1; a lease is above 0"),
        ({"lease_s": float("nan")}, "lease_s=nan is no number of seconds"),
        ({"lease_s": float("inf")}, "lease_s=inf is no number of seconds"),
        ({"lease_s": 10**400}, "lease_s=10000"),
        ({"poll_s": 10**5000}, "poll_s=a huge int is no number of seconds"),
        ({"lease_s": 1e12}, "lease_s=1e+12; a lease is above 0 and at most"),
        ({"lease_s": "5"}, "lease_s='5' is no number of seconds"),
        ({"lease_s": True}, "lease_s=True is no number of seconds"),
        ({"lease_s": 1, "poll_s": 3}, "lease_s=1 is less than twice poll_s=3"),
        ({"poll_s": 0}, "poll_s=0; looks have a time above 0"),
        ({"poll_s": None}, "poll_s=None is no number"),
        ({"grace_s": -0.5}, "grace_s=-0.5 is below 0"),
        ({"grace_s": float("inf")}, "grace_s=inf is no number"),
    ],
)
def test_a_timing_that_makes_no_sense_is_refused(given_as: dict[str, Any], flaw: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        Timing(**given_as)
    assert f"Timing: {flaw}" in str(refused.value)


@given(poll_s=st.floats(1e-6, 1e6), times=st.floats(2, 10), grace_s=st.floats(0, 1e6))
def test_any_lease_of_two_looks_or_more_is_a_timing(poll_s: float, times: float, grace_s: float) -> None:
    assert Timing(lease_s=poll_s * times, poll_s=poll_s, grace_s=grace_s).lease_s >= 2 * poll_s


@pytest.mark.parametrize(
    ("given_as", "flaw"),
    [
        ({"attempts": 0}, "attempts=0): tries count from 1"),
        ({"attempts": -3}, "attempts=-3): tries count from 1"),
        ({"attempts": 1.5}, "attempts=1.5): tries count from 1"),
        ({"attempts": True}, "attempts=True): tries count from 1"),
        ({"first": 5}, "first=5): give a timedelta"),
        ({"first": -SECOND}, "first=-1 day, 23:59:59): a pause is 0 or more"),
        ({"most": None}, "most=None): give a timedelta"),
        ({"most": -SECOND}, "a pause is 0 or more"),
        ({"first": timedelta.max}, "a pause is 365000 days at most"),
        ({"most": timedelta.max}, "a pause is 365000 days at most"),
        ({"unless": ValueError}, "give a tuple of exception classes"),
        ({"unless": (ValueError, "x")}, "give a tuple of exception classes"),
    ],
)
def test_a_retry_that_makes_no_sense_is_refused(given_as: dict[str, Any], flaw: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        Retry(**given_as)
    assert flaw in str(refused.value)


def test_what_makes_sense_is_a_policy() -> None:
    for attempts in (1, 7, None):
        assert (
            Policy(failing=Failing.SKIP, retry=Retry(attempts=attempts, first=timedelta(0))).retry.attempts == attempts
        )
    assert Retry(unless=(KeyError, ValueError)).pause_s(1, ValueError()) is None


@pytest.mark.parametrize(("name", "value"), [("failing", "nope"), ("failing", "skip"), ("retry", 3), ("retry", None)])
def test_a_policy_of_something_else_is_refused(name: str, value: object) -> None:
    given_as: dict[str, Any] = {name: value}
    with pytest.raises(DefinitionError, match=f"Policy\\({name}="):
        Policy(**given_as)


class Rung(Event):
    id: str


@dataclass(frozen=True)
class Bell:
    id: str


def test_a_policy_that_is_none_is_refused_where_it_is_declared() -> None:
    context = Context("tower")
    wrong: Any = Retry(attempts=1)

    def bells(_row: Bell | None, event: Rung) -> Bell:
        return Bell(event.id)

    async def hear(_event: Rung) -> None:
        """Nothing."""

    for declared in (
        lambda: context.projection(key="id", policy=wrong)(bells),
        lambda: context.on(Rung, policy=wrong)(hear),
    ):
        with pytest.raises(DefinitionError, match=r"policy=Retry\(.*give a Policy"):
            declared()
