"""What contexts register shows what they take from each other, each with the line of its function."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from leftfold.borders import Evidence, Use, check_map, declared
from leftfold.contexts import (
    AntiCorruptionLayer,
    Conformist,
    Context,
    ContextMap,
    CustomerSupplier,
    OpenHostService,
    Relation,
    SeparateWays,
)
from tests.borders.acme import rules
from tests.borders.office import office
from tests.borders.trees import Tree

HEAD = """
        from office.shipping.context import shipping
        from office.ordering.api import Confirm, Ordered
"""
TAKING = {
    "reaction shipping.mail": """
        @shipping.on(Ordered)
        async def mail(event: Ordered) -> None: ...
    """,
    "reaction shipping.pack": """
        from leftfold import Command

        class Pack(Command):
            order: str

        @shipping.command
        async def packed(command: Pack) -> None: ...

        @shipping.reacts
        def pack(event: Ordered) -> Pack:
            return Pack(order=event.order)
    """,
    "projection shipping.board": """
        from dataclasses import dataclass

        @dataclass(frozen=True)
        class Row:
            order: str

        @shipping.projection(key="order")
        def board(row: Row | None, event: Ordered) -> Row:
            return Row(event.order)
    """,
    "process shipping.carry": """
        from msgspec import Struct
        from leftfold import IGNORE, Ignored, Next

        class State(Struct, frozen=True):
            order: str

        @shipping.process(key="order")
        def carry(state: State | None, event: Ordered) -> Next[State] | Ignored:
            return IGNORE
    """,
    "start shipping.begin": """
        from leftfold import Saga, step

        @shipping.saga
        class Send(Saga):
            order: str

            @step(undoable=False)
            async def go(self) -> None: ...

        @shipping.starts
        def begin(event: Ordered) -> Send:
            return Send(order=event.order)
    """,
    "translation shipping.translate": """
        from leftfold import Command, ConsumerView

        class Carry(Command):
            order: str

        @shipping.command
        async def carried(command: Carry) -> None: ...

        class OrderedView(ConsumerView, of="ordering.ordered", versions=">=1"):
            order: str

        @shipping.translates
        def translate(event: OrderedView) -> Carry:
            return Carry(order=event.order)
    """,
}
SENDING = {
    "reaction shipping.confirm": """
        @shipping.reacts
        def confirm(event: Ordered) -> Confirm:
            return Confirm(order=event.order)
    """,
    "reaction shipping.by_hand": """
        from leftfold import Attempt, Sender, sends

        @shipping.on(Ordered)
        @sends(Confirm)
        async def by_hand(event: Ordered, sender: Sender, attempt: Attempt) -> None: ...
    """,
    "process shipping.carry": """
        from msgspec import Struct
        from leftfold import IGNORE, Ignored, Next, sends

        class State(Struct, frozen=True):
            order: str

        @shipping.process(key="order")
        @sends(Confirm)
        def carry(state: State | None, event: Ordered) -> Next[State] | Ignored:
            return IGNORE
    """,
    "step shipping.Send/go": """
        from leftfold import Attempt, Saga, Sender, sends, step

        @shipping.saga
        class Send(Saga):
            order: str

            @step(undoable=False)
            @sends(Confirm)
            async def go(self, sender: Sender, attempt: Attempt) -> None: ...
    """,
}


def contexts(tree: Tree, files: Mapping[str, str]) -> tuple[Context, Context, Context]:
    tree.write(files)
    made = [tree.load(f"office.{name}.context") for name in ("ordering", "billing", "shipping")]
    for name in files:
        tree.load(name.removesuffix(".py").replace("/", "."))
    ordering, billing, shipping = (
        getattr(module, name) for module, name in zip(made, ("ordering", "billing", "shipping"), strict=True)
    )
    assert isinstance(ordering, Context)
    assert isinstance(billing, Context)
    assert isinstance(shipping, Context)
    return ordering, billing, shipping


def shown(tree: Tree, text: str, name: str = "main") -> list[Use]:
    """What shipping takes when a module of it says *text*."""
    context_map = ContextMap("office", alone=contexts(tree, office(**{name: HEAD + text})))
    return [use for use in declared(context_map).uses if use.user == "shipping"]


@pytest.mark.parametrize("by", TAKING)
def test_whoever_takes_an_event_of_another_context_is_found(tree: Tree, by: str) -> None:
    (use,) = (one for one in shown(tree, TAKING[by]) if one.kind == "event")
    assert (use.used, use.subject, use.by, use.origin) == ("ordering", "ordering.ordered", by, "declared")
    assert use.module == "office.shipping.main"
    assert use.of == ("" if by.startswith("translation") else "office.ordering.api")
    function = by.rpartition(".")[2]
    text = (tree.root / "office/shipping/main.py").read_text().splitlines()
    line = int(use.found_at.rpartition(":")[2])
    assert use.found_at.startswith(f"{tree.root}/office/shipping/main.py:")
    assert any(f"def {function}(" in one for one in text[line - 1 : line + 3])


@pytest.mark.parametrize("by", SENDING)
def test_whoever_sends_a_command_to_another_context_is_found(tree: Tree, by: str) -> None:
    (use,) = (one for one in shown(tree, SENDING[by]) if one.kind == "command")
    assert (use.used, use.subject, use.by) == ("ordering", "Confirm", by)
    assert (use.of, use.module) == ("office.ordering.api", "office.shipping.main")
    assert use.found_at.startswith(f"{tree.root}/office/shipping/main.py:")


def test_a_domain_event_of_another_context_is_found_by_its_package(tree: Tree) -> None:
    text = """
        from office.ordering.order import Placed

        @shipping.on(Placed)
        async def mail(event: Placed) -> None: ...
    """
    (use,) = (one for one in shown(tree, text) if one.kind == "event")
    assert (use.used, use.subject, use.of) == ("ordering", "office.ordering.order.Placed", "office.ordering.order")


def test_what_a_context_does_for_itself_takes_nothing_of_others(tree: Tree) -> None:
    made = contexts(tree, office())
    assert {use.user for use in declared(ContextMap("office", alone=made)).uses} == {"billing"}


SPOKEN = {
    "a field of a command": """
        from leftfold import Command

        class Pack(Command):
            order: Ordered | None = None

        @shipping.command
        async def pack(command: Pack) -> None: ...
    """,
    "a method of an aggregate": """
        from leftfold import Aggregate, Event, applies

        class Sent(Event):
            order: str

        class Parcel(Aggregate[Sent]):
            def send(self, orders: list[Ordered]) -> None: ...

            @applies
            def _sent(self, event: Sent) -> None: ...

        shipping.includes(Parcel)
    """,
    "a need of a handler": """
        from leftfold import Command

        class Pack(Command):
            order: str

        @shipping.command
        async def pack(command: Pack, of: Ordered) -> None: ...
    """,
}


@pytest.mark.parametrize("what", SPOKEN)
def test_a_class_of_another_context_in_a_signature_is_found(tree: Tree, what: str) -> None:
    uses = [use for use in shown(tree, SPOKEN[what]) if use.kind == "signature"]
    assert [(use.used, use.subject, use.module) for use in uses] == [
        ("ordering", "office.ordering.api.Ordered", "office.shipping.main")
    ]
    assert uses[0].found_at.startswith(f"{tree.root}/office/shipping/main.py:")


def checked(tree: Tree, files: Mapping[str, str], *relations: str) -> list[str]:
    """The rules broken by what is registered, with shipping related to ordering."""
    ordering, billing, shipping = contexts(tree, files)
    related: dict[str, Relation] = {
        "layer": AntiCorruptionLayer(upstream=ordering, downstream=shipping, layer="office.shipping.orders"),
        "host": OpenHostService(host=ordering, consumers=[shipping]),
        "conformist": Conformist(upstream=ordering, downstream=shipping),
        "customer": CustomerSupplier(supplier=ordering, customer=shipping),
    }
    first = CustomerSupplier(supplier=ordering, customer=billing)
    return rules(check_map(ContextMap("office", first, *(related[one] for one in relations), alone=(shipping,))))


def test_a_handler_outside_of_the_layer_is_found_and_one_inside_is_not(tree: Tree) -> None:
    text = HEAD + TAKING["reaction shipping.mail"]
    assert checked(tree, office(main="", orders=text), "layer") == []
    tree.forget()
    assert checked(tree, office(orders="", main=text), "layer") == ["outside-layer"] * 2  # the import, and the handler


def test_a_class_of_the_upstream_in_an_aggregate_outside_of_the_layer_is_found(tree: Tree) -> None:
    text = HEAD + SPOKEN["a method of an aggregate"]
    assert checked(tree, office(orders="", main=text), "layer").count("outside-layer") == 2
    tree.forget()
    assert checked(tree, office(main="", orders=text), "layer") == []


def test_a_conformist_that_translates_is_found(tree: Tree) -> None:
    assert checked(tree, office(main=HEAD + TAKING["translation shipping.translate"]), "conformist") == [
        "conformist-translates"
    ]
    tree.forget()
    assert checked(tree, office(main=HEAD + TAKING["reaction shipping.mail"]), "conformist") == []


def test_messages_lead_through_others_to_who_goes_separate_ways(tree: Tree) -> None:
    publishing = """
        from leftfold import Aggregate, IntegrationEvent, applies
        from office.billing.context import billing
        from office.billing.words import Bill, Billed

        class Invoice(Aggregate[Billed]):
            @applies
            def _billed(self, event: Billed) -> None: ...

        class Invoiced(IntegrationEvent, name="billing.invoiced"):
            order: str

        @billing.publishes
        def invoiced(event: Billed) -> Invoiced:
            return Invoiced(order=event.order)

        billing.commands = ()

        @billing.decides(Invoice, id="order")
        def bill(command: Bill, invoice: Invoice) -> None: ...
    """
    listening = """
        from office.billing.publishing import Invoiced
        from office.shipping.context import shipping

        @shipping.on(Invoiced)
        async def hear(event: Invoiced) -> None: ...
    """
    files = {**office(main=listening), "office/billing/publishing.py": publishing}
    ordering, billing, shipping = contexts(tree, files)
    found: Evidence = declared(ContextMap("office", SeparateWays(ordering, shipping), alone=(billing,)))
    (route,) = found.routes
    assert (route.user, route.used, route.kind) == ("shipping", "ordering", "messages")
    assert route.path[0].startswith("event ordering/") or route.path[0].startswith("integration ordering/")
    assert route.path[-1] == "reaction shipping/hear"
    assert any(" billing/" in one for one in route.path)
    assert declared(ContextMap("office", alone=(ordering, billing, shipping))).routes == ()
