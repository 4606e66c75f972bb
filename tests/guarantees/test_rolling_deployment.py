"""G6 while a deployment rolls: two releases of the code on one store, forward and back, and no event is skipped."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

from leftfold.store.following import Unknown
from leftfold.testing.conformance.stores import log_of
from tests.guarantees.children import Child
from tests.guarantees.deployed import Answer, Told
from tests.guarantees.places import Place

OLD: Final = "one"
NEW: Final = "two"


def follower(place: Place, release: str, after: int = 0, unknown: Unknown = Unknown.WAIT) -> Child:
    """A process of a release that follows the log."""
    return Child("deployed", "follow", release, place.url, str(after), unknown.value)


def commander(place: Place, release: str) -> Child:
    """A process of a release that carries out commands."""
    return Child("deployed", "command", release, place.url)


def pay(child: Child, account: str) -> Answer:
    """Pay 1 into an account."""
    child.tell(account)
    return child.hear(Answer)


def hear_up_to(child: Child, position: int) -> list[tuple[int, str]]:
    """What a follower tells of until it has passed a position."""
    seen: list[tuple[int, str]] = []
    passed = 0
    while passed < position:
        told = child.hear(Told)
        assert told.what == "page", told
        seen += told.seen
        passed = told.position
    assert passed == position
    return seen


def assert_waits(child: Child, position: int) -> None:
    """The next thing that a follower tells is that it waits after a position."""
    told = child.hear(Told)
    assert (told.what, told.position) == ("waits", position)
    assert f"position {position}" in told.text
    assert "event 'Deposited' v2" in told.text


async def test_old_code_waits_before_the_first_event_of_new_code_and_new_code_goes_on_from_there(place: Place) -> None:
    store = await place.open()
    with ExitStack() as stack:
        old, old_follower = stack.enter_context(commander(place, OLD)), stack.enter_context(follower(place, OLD))
        assert [pay(old, account) for account in ("A", "B")] == [Answer("1", 1), Answer("1", 2)]
        seen_by_old = hear_up_to(old_follower, 2)

        new = stack.enter_context(commander(place, NEW))
        assert pay(new, "A") == Answer("1 EUR 1 USD", 3)
        assert_waits(old_follower, 2)
        assert pay(old, "A") == Answer("UnknownSchemaVersion", 3)
        assert pay(old, "B") == Answer("2", 4)
        assert pay(new, "C") == Answer("1 EUR", 5)
        new_follower = stack.enter_context(follower(place, NEW))
        assert hear_up_to(new_follower, 5) == [(1, "1 USD"), (2, "1 USD"), (3, "1 EUR"), (4, "1 USD"), (5, "1 EUR")]

        for rolled_back in (new, new_follower):
            rolled_back.kill()
        assert old_follower.kill() == [], "it went on behind an event that it cannot read"
        restarted, follower_again = (
            stack.enter_context(commander(place, OLD)),
            stack.enter_context(follower(place, OLD, after=2)),
        )
        assert_waits(follower_again, 2)
        assert [pay(restarted, account) for account in ("A", "C", "B")] == [
            Answer("UnknownSchemaVersion", 5),
            Answer("UnknownSchemaVersion", 5),
            Answer("3", 6),
        ]
        assert follower_again.kill() == []

        forward = stack.enter_context(follower(place, NEW, after=2))
        seen_by_new = hear_up_to(forward, 6)
    assert seen_by_old == [(1, "1"), (2, "1")]
    assert seen_by_new == [(3, "1 EUR"), (4, "1 USD"), (5, "1 EUR"), (6, "1 USD")]
    stored = await log_of(store)
    await store.close()
    assert [(event.stream, event.schema_version) for event in stored] == [
        ("account-A", 1),
        ("account-B", 1),
        ("account-A", 2),
        ("account-B", 1),
        ("account-C", 2),
        ("account-B", 1),
    ]
    assert [event.data for event in stored if event.schema_version == 1] == [b'{"amount":1}'] * 4


async def test_old_code_that_is_told_to_stop_ends_with_the_error_after_all_that_came_before(place: Place) -> None:
    with ExitStack() as stack:
        old, new = stack.enter_context(commander(place, OLD)), stack.enter_context(commander(place, NEW))
        pay(old, "A")
        pay(new, "A")
        pay(old, "B")
        stopping = stack.enter_context(follower(place, OLD, unknown=Unknown.STOP))
        assert hear_up_to(stopping, 1) == [(1, "1")]
        (told,) = stopping.finish(Told)
    assert (told.what, told.position) == ("UnknownSchemaVersion", 1)
    assert "stream 'account-A' version 2" in told.text
