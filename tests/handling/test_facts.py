"""An event is stored as it was when it was recorded, whatever its fold and its caller do to what is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from leftfold import Aggregate, App, Decider, Event, Money, applies
from leftfold.domain.lifecycle import pending


@dataclass
class Gift:
    for_whom: str
    notes: list[str] = field(default_factory=list[str])


class Fixed(Struct, frozen=True):
    price: Money
    sizes: tuple[int, ...] = ()


class Pair(NamedTuple):
    one: list[str]
    two: int


class Ordered(Event):
    lines: list[str]
    gift: Gift
    by_shop: dict[str, list[Gift]]
    seen: set[str]
    pairs: tuple[Pair, ...]
    fixed: Fixed


class LineAdded(Event):
    line: str


class Order(Aggregate[Ordered | LineAdded], category="order"):
    ordered: Ordered | None = None

    def place(self, *events: Ordered | LineAdded) -> None:
        for event in events:
            self.record(event)

    @applies
    def _ordered(self, event: Ordered) -> None:
        self.ordered = event

    @applies
    def _added(self, event: LineAdded) -> None:
        assert self.ordered is not None
        for lines in (self.ordered.lines, self.ordered.gift.notes, self.ordered.by_shop["x"][0].notes):
            lines.append(event.line)
        self.ordered.pairs[0].one.append(event.line)
        self.ordered.seen.add(event.line)
        self.ordered.gift.for_whom = event.line


def ordered() -> Ordered:
    return Ordered(
        lines=["book"],
        gift=Gift("Ann"),
        by_shop={"x": [Gift("Bob")], "y": []},
        seen={"book"},
        pairs=(Pair(["a"], 1),),
        fixed=Fixed(price=Money.of("1.00", "EUR"), sizes=(1, 2)),
    )


async def test_what_a_later_event_makes_of_the_state_is_not_in_an_earlier_one() -> None:
    async with App(Order, store="memory:") as app:
        orders = app.repository(Order)
        given = ordered()
        await orders.edit("a", Order.place, given, LineAdded(line="pen"))
        assert [each.event for each in await app.events.read("order-a")] == [ordered(), LineAdded(line="pen")]
        kept = (await orders.get("a")).ordered
        assert kept is not None
        assert (kept.lines, kept.gift, kept.seen) == (["book", "pen"], Gift("pen", ["pen"]), {"book", "pen"})


def test_what_its_caller_does_to_it_later_is_not_in_it() -> None:
    order, given = Order("a"), ordered()
    order.place(given)
    given.lines.append("pen")
    given.by_shop["y"].append(Gift("Eve"))
    assert [each.event for each in pending(order)] == [ordered()]


def test_an_event_in_which_nothing_can_change_is_kept_as_the_object_it_is() -> None:
    class Priced(Event):
        fixed: Fixed
        amounts: frozenset[Decimal]
        other: Fixed | None = None

    class Shop(Aggregate[Priced], category="shop"):
        @applies
        def _priced(self, event: Priced) -> None: ...

    shop, event = Shop("a"), Priced(fixed=ordered().fixed, amounts=frozenset({Decimal(1)}))
    shop.record(event)
    assert pending(shop)[0].event is event


async def test_what_a_decider_decided_is_stored_whatever_its_fold_makes_of_it() -> None:
    class Place(Struct, frozen=True):
        lines: list[str]

    class Listed(Event):
        lines: list[str]

    def decide(command: Place, lines: list[str]) -> list[Listed]:
        return [] if lines else [Listed(lines=command.lines), Listed(lines=["pen"])]

    def evolve(lines: list[str], event: Listed) -> list[str]:
        if not lines:
            return event.lines
        lines += event.lines  # not pure, and in no event for that
        return lines

    listing = Decider(decide, evolve, list[str](), category="listing")
    async with App(listing, store="memory:") as app:
        await app.repository(listing).decide("a", Place(["book"]))
        stored = [each.event for each in await app.events.read("listing-a")]
        assert stored == [Listed(lines=["book"]), Listed(lines=["pen"])]
