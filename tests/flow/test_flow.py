from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast
from xml.etree import ElementTree as ET

import pytest

from leftfold import IGNORE, App, Attempt, Context, Ignored, Metadata, Next, RecordedEvent, sends, step
from leftfold.errors import DefinitionError
from leftfold.flow import (
    Chain,
    Flow,
    Leap,
    Node,
    Observation,
    Returns,
    Seen,
    circles,
    declared_flow,
    hints,
    node_id,
    path_text,
    seen,
    suspected,
    svg_text,
)
from leftfold.messages.event import event_name
from tests.flow import market
from tests.flow.market import events


def text(flow: Flow, path: tuple[str, ...]) -> str:
    return path_text(path, flow.by_id, several=False)


def edges(flow: Flow) -> set[str]:
    return {text(flow, (edge.source, edge.target)) for edge in flow.edges}


def findings(found: Seen) -> list[tuple[str, str]]:
    return [(one.kind, text(found.flow, one.path)) for one in found.findings]


async def watched(app: App, declared: Flow) -> Seen:
    observation = Observation()
    async for context, types, recorded in _log(app):
        observation.record(context, types, recorded.stream, recorded.metadata)
    async for context, types, recorded in _log(app):
        observation.resolve(context, types, str(recorded.id))
    chains = observation.chains()
    returns = Returns(suspected(declared, chains))
    async for context, types, recorded in _log(app):
        returns.record(str(recorded.id), context, types, recorded.metadata)
    return seen(declared, chains, returns.counts())


async def _log(app: App) -> AsyncIterator[tuple[str, list[str], RecordedEvent[object]]]:
    for context in app.contexts:
        for recorded in await events(app, context.name):
            yield context.name, [event_name(type(recorded.event))], recorded


def test_the_declared_flow_is_read_from_signatures() -> None:
    assert edges(declared_flow([market.market, market.billing])) >= {
        "command Place -> aggregate order",
        "command Cancel -> aggregate order",
        "aggregate order -> event Placed",
        "event Cancelled -> reaction put_back",
        "reaction put_back -> command Release",
        "event Placed -> integration Received",
        "integration Received -> reaction bill",
        "event Opened -> process dunning",
        "process dunning -> command Remind",
        "saga Deliver -> step Deliver/hold",
        "step Deliver/hold -> step Deliver/confirm",
        "step Deliver/hold -> step Deliver/hold/undo",
        "step Deliver/hold -> command Reserve",
        "step Deliver/hold/undo -> command Release",
        "step Deliver/confirm -> aggregate order",
        "event Placed -> saga Deliver",
        "event Paid -> reaction put_away",
        "reaction put_away -> command File",
        "reaction put_away -> aggregate expectation",
        "aggregate expectation -> event leftfold.Overdue",
    }


def test_a_drawing_is_svg_whatever_characters_are_in_names() -> None:
    odd = Node(id="event/hall/\x08", kind="event", name="\x08<&", context="hall", place="hall.Odd\x0b")
    ET.fromstring(svg_text(Flow(nodes=(odd,), edges=())))


def test_the_declared_flow_is_the_same_every_time() -> None:
    first, second = (declared_flow([market.market, market.billing]) for _ in range(2))
    assert first == second


def test_only_what_has_a_sender_and_does_not_say_what_it_sends_is_open() -> None:
    nodes = declared_flow([market.market, market.billing]).nodes
    assert [node.name for node in nodes if node.open] == ["bill"]


def test_a_process_says_what_it_sends_above_its_other_decorator_too() -> None:
    hall = Context("hall")

    @sends(market.Remind)
    @hall.process(key="order")
    def dunning(state: market.Dunning | None, event: market.Opened) -> Next[market.Dunning] | Ignored:  # noqa: ARG001
        return IGNORE

    assert "process dunning -> command Remind" in edges(declared_flow([hall]))


@pytest.mark.parametrize("wrong", [None, market.Opened, market.Remind(order="1"), [market.Remind], print])
def test_what_is_sent_is_said_in_classes_of_commands(wrong: object) -> None:
    with pytest.raises(DefinitionError, match=r"give classes of commands, as in @sends\("):
        sends(cast("Any", wrong))


def test_what_a_step_sends_is_said_below_what_makes_it_a_step() -> None:
    @step(undoable=False)
    async def remind(saga: object, attempt: Attempt) -> None: ...

    with pytest.raises(DefinitionError, match=r"<step .remind.> is no function; .* right above it, below @step"):
        sends(market.Remind)(cast("Any", remind))


def test_an_event_knows_who_reads_it() -> None:
    flow = declared_flow([market.market, market.billing])
    assert flow.by_id["event/market/Placed"].read_by == ("orders",)


async def test_after_a_run_of_everything_what_was_seen_is_what_is_declared(traded: App) -> None:
    declared = declared_flow(traded.contexts)
    found = await watched(traded, declared)
    assert findings(found) == []
    unseen = {text(found.flow, (edge.source, edge.target)) for edge in found.flow.edges if edge.mark == "unseen"}
    assert unseen == {  # what leaves no trace in a log: the order of steps, and an event that led to no command
        "event Paid -> process dunning",
        "event Placed -> saga Deliver",
        "reaction put_away -> aggregate expectation",  # nothing was overdue
        "aggregate expectation -> event leftfold.Overdue",
        "saga Deliver -> step Deliver/hold",
        "step Deliver/hold -> step Deliver/hold/undo",
        "step Deliver/hold -> step Deliver/confirm",
        "step Deliver/confirm -> step Deliver/thank",
    }
    assert edges(found.flow) - edges(declared) == {"reaction bill -> command Open"}  # it is open
    counts = {text(found.flow, (edge.source, edge.target)): edge.count for edge in found.flow.edges}
    assert counts["event Placed -> integration Received"] == 4
    assert counts["process dunning -> command Remind"] == 2
    assert counts["command Release -> aggregate stock"] == 2


async def test_what_never_happened_is_never_seen() -> None:
    async with App(market.market, market.billing, store="memory:") as app:
        await app.send(market.Place(order="A"))
        await app.settle()
        found = await watched(app, declared_flow(app.contexts))
    kinds = findings(found)
    assert ("never seen", "event Paid") in kinds
    assert ("never seen", "command Pay") in kinds
    assert ("never seen", "step Deliver/confirm -> aggregate order") in kinds
    assert not {"event Placed", "command Place", "command Open"} & {what for _, what in kinds}


async def test_a_reaction_that_nobody_declared_is_found_and_so_is_its_circle() -> None:
    async with market.rogue() as app:
        await app.send(market.Place(order="A"))
        await app.settle()
        found = await watched(app, declared_flow([market.market, market.billing]))
    undeclared = [what for kind, what in findings(found) if kind == "undeclared"]
    assert undeclared == [
        "event Placed -> reaction spoil",
        "reaction spoil -> command Cancel",
        "event Cancelled -> reaction redo",
        "reaction redo -> command Place",
    ]
    [cycle] = [one for one in found.findings if one.kind == "cycle"]
    assert text(found.flow, cycle.path) == (
        "event Placed -> reaction spoil -> command Cancel -> event Cancelled -> reaction redo -> command Place -> "
        "event Placed"
    )
    assert cycle.count == 3


@pytest.mark.parametrize("same", [True, False])
def test_what_led_to_each_other_in_different_stories_is_no_circle(*, same: bool) -> None:
    """One order is spoiled after it was placed, the other is placed after it was spoiled; or both is one order."""
    declared = declared_flow(market.rogue().contexts)
    spoil, redo = "reaction/market.spoil", "reaction/market.redo"
    log = [
        ("placed A", "Placed", None, None),
        ("cancelled A", "Cancelled", spoil, "placed A"),
        ("cancelled B", "Cancelled", None, None),
        ("placed B", "Placed", redo, "cancelled A" if same else "cancelled B"),
    ]
    observation, about = Observation(), dict[str, Metadata]()
    for id, type, via, cause in log:
        about[id] = Metadata(causation_id=cause, via=via, command="Cancel" if type == "Cancelled" else "Place")
        observation.record("market", [type], "order-A", about[id])
    for id, type, _, _ in log:
        observation.resolve("market", [type], id)
    chains = observation.chains()
    returns = Returns(suspected(declared, chains))
    for id, type, _, _ in reversed(log):
        returns.record(id, "market", [type], about[id])
    assert suspected(declared, chains) == {"event/market/Placed", "event/market/Cancelled"}
    cycles = [one for one in seen(declared, chains, returns.counts()).findings if one.kind == "cycle"]
    assert len(cycles) == (1 if same else 0)


def test_a_process_or_a_saga_in_between_ends_a_circle() -> None:
    node = "event/market/Placed"
    for via, count in (
        ("reaction/market.redo", 1),
        ("process/market.dunning", 0),
        ("saga/market.Deliver/x", 0),
        (None, 1),
    ):
        returns = Returns([node])
        returns.record("2", "market", ["Placed"], Metadata(causation_id="1", via=via))
        returns.record("1", "market", ["Placed"], Metadata())
        assert returns.counts().get(node, 0) == count


def test_events_that_say_they_came_of_each_other_are_followed_once() -> None:
    nodes = ["event/market/Placed", "event/market/Cancelled"]
    returns = Returns(nodes)
    returns.record("1", "market", ["Placed"], Metadata(causation_id="2"))
    returns.record("2", "market", ["Cancelled"], Metadata(causation_id="3"))
    returns.record("3", "market", ["Cancelled"], Metadata(causation_id="2"))
    assert returns.counts() == {"event/market/Cancelled": 2}


async def test_a_command_of_a_declared_reaction_that_it_does_not_declare_is_found(traded: App) -> None:
    silent = Context("market")
    for part in market.market.parts:
        silent.includes(part)
    found = await watched(traded, declared_flow([silent, market.billing]))
    assert ("undeclared", "event Cancelled -> reaction put_back") in findings(found)
    assert ("undeclared", "command Place -> aggregate order") in findings(found)


def test_events_from_before_the_names_of_commands_were_kept_are_no_finding() -> None:
    observation = Observation()
    old = Metadata(command_id="c-1", causation_id="e-1", correlation_id="r-1")
    observation.record("market", ["Placed"], "order-A", old)
    [(chain, count)] = observation.chains().items()
    assert (chain.path, count) == (("aggregate/market/order", "event/market/Placed"), 1)


@pytest.mark.parametrize(
    ("types", "via", "cause"),
    [
        (["Priced", "Cancelled"], "reaction/market.put_back", "Cancelled"),
        (["Priced", "Placed"], "reaction/billing.bill", "Placed"),
        (["Priced", "Placed"], "reaction/market.unheard_of", "Priced"),
    ],
    ids=["a reaction", "a reaction to what is published", "nobody knows"],
)
def test_of_an_event_that_is_split_the_part_that_is_reacted_to_is_the_cause(
    types: list[str], via: str, cause: str
) -> None:
    observation = Observation(declared_flow([market.market, market.billing]))
    observation.record("market", ["Released"], "shelf-A", Metadata(causation_id="1", via=via, command="Release"))
    observation.resolve("market", types, "1")
    (chain,) = observation.chains()
    assert chain.cause == node_id("event", "market", cause)


def test_a_cause_that_no_log_has_is_unknown() -> None:
    observation = Observation()
    about = Metadata(command_id="c-1", command="Place", causation_id="of another program")
    observation.record("market", ["Placed"], "order-A", about)
    assert [chain.cause for chain in observation.chains()] == [None]


def test_what_nobody_handles_or_sends_is_hinted_at_when_asked_for() -> None:
    found = list(hints(declared_flow([market.market, market.billing])))
    orphans = {one.path[0] for one in found if one.kind == "orphan"}
    assert {"event/billing/Reminded", "command/billing/Pay", "command/billing/Open"} <= orphans
    assert not {"event/market/Placed", "event/market/Cancelled", "command/market/Release"} & orphans


def test_a_circle_that_declarations_allow_is_hinted_at() -> None:
    flow = declared_flow(market.rogue().contexts)
    found = [text(flow, one.path) for one in hints(flow) if one.kind == "possible cycle"]
    assert found[0].startswith("event Placed -> reaction spoil -> command Cancel -> aggregate order -> event ")
    assert [one for one in hints(declared_flow([market.market, market.billing])) if one.kind == "possible cycle"] == []


def test_each_circle_is_found_once_and_what_only_leads_into_one_is_none() -> None:
    leaps = {
        "a": [Leap(("x",), "b")],
        "b": [Leap((), "c")],
        "c": [Leap((), "b"), Leap((), "d")],
        "d": [],
        "e": [Leap((), "e")],
    }
    assert list(circles(leaps)) == [("b", "c", "b"), ("e", "e")]


def test_a_chain_is_the_path_of_what_is_known() -> None:
    chain = Chain(
        cause=None, via="reaction/a.b", command=None, aggregate="aggregate/a/c", event=node_id("event", "a", "D")
    )
    assert chain.path == ("reaction/a.b", "aggregate/a/c", "event/a/D")
