from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from leftfold.flow import Chain, Flow, FlowFinding
from tests.cli.command import Leftfold, Ran
from tests.cli.conftest import STORES
from tests.cli.trading import spoiled, traded
from tests.flow.market import APP, ROGUE


class Counted(msgspec.Struct):
    chain: Chain
    count: int


class Report(msgspec.Struct):
    flow: Flow
    chains: list[Counted]
    findings: list[FlowFinding]


@pytest.fixture
def market(tmp_path: Path) -> str:
    return traded(f"sqlite:///{tmp_path}/{{context}}.db")


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of stores that are not there yet, one for each context, of each kind."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("bare_url")
        return url.replace("&", "_{context}&", 1)
    return f"sqlite:///{tmp_path}/{{context}}.db"


def drawn(leftfold: Leftfold, *arguments: str, app: str = APP) -> Ran:
    return leftfold("flow", *arguments, "--app", app)


def report(ran: Ran) -> Report:
    return msgspec.json.decode(ran.out, type=Report)


def test_the_declared_flow_needs_no_store(leftfold: Leftfold) -> None:
    ran = drawn(leftfold)
    assert ran.code == 0
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["command", "market/Place", "aggregate", "market/order"] in lines
    assert ["reaction", "market/put_back", "command", "market/Release"] in lines
    assert "billing/bill does not say which commands it sends" in ran.out
    assert ran.out.splitlines()[-1] == "0 findings"


def test_json_is_the_same_by_either_option(leftfold: Leftfold) -> None:
    assert drawn(leftfold, "--json") == drawn(leftfold, "--to", "json")
    found = report(drawn(leftfold, "--json"))
    assert (found.chains, found.findings) == ([], [])
    assert all(edge.mark == "declared" for edge in found.flow.edges)


def test_after_a_run_what_was_observed_is_what_is_declared(leftfold: Leftfold, market: str) -> None:
    ran = drawn(leftfold, "--observed", "--store", market)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "0 findings")
    found = report(drawn(leftfold, "--observed", "--json", "--store", market))
    assert sum(one.count for one in found.chains) == 22
    assert not [edge for edge in found.flow.edges if edge.mark == "undeclared"]


def test_a_reaction_that_is_not_declared_is_found_with_its_circle_and_the_exit_code_is_1(
    leftfold: Leftfold, place: str
) -> None:
    for context in ("market", "billing"):
        leftfold("migrate", "--store", place.replace("{context}", context))
    url = spoiled(place)
    ran = drawn(leftfold, "--observed", "--store", url)
    assert ran.code == 1
    assert "undeclared: event market/Placed -> reaction market/spoil, 3 events" in ran.out
    assert "cycle: event market/Placed -> reaction market/spoil -> command market/Cancel" in ran.out
    assert "never seen: command billing/Pay" in ran.out
    traced = leftfold("trace", "guest", "--app", APP, "--store", url)
    # When billing hears of it is no matter of the market's.
    own = [cells for line in traced.out.splitlines() if (cells := line.split()[2:4])[1].startswith("market/")]
    assert own[:4] == [
        ["command", "market/Place"],
        ["event", "market/Placed"],
        ["command", "market/Cancel"],
        ["event", "market/Cancelled"],
    ]
    kinds = {one.kind for one in report(drawn(leftfold, "--observed", "--json", "--store", url, app=ROGUE)).findings}
    assert "undeclared" not in kinds


def test_a_drawing_is_svg_that_names_everything(leftfold: Leftfold, market: str) -> None:
    ran = drawn(leftfold, "--to", "svg", "--observed", "--store", market)
    assert (ran.code, ran.err) == (0, "0 findings\n")
    root = ET.fromstring(ran.out)
    said = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Place", "order", "Placed", "Received", "bill", "dunning", "Deliver/hold/undo"} <= set(said)
    rectangles = [element.attrib for element in root.iter("{http://www.w3.org/2000/svg}rect")]
    places = {(one["x"], one["y"]) for one in rectangles}
    assert len(places) == len(rectangles)


def test_a_drawing_for_mermaid_has_a_box_for_each_context(leftfold: Leftfold) -> None:
    lines = drawn(leftfold, "--to", "mermaid").out.splitlines()
    assert lines[0] == "flowchart LR"
    assert [line for line in lines if line.startswith("  subgraph")] == [
        '  subgraph c0["market"]',
        '  subgraph c1["billing"]',
    ]
    assert any('["Place"]:::command' in line for line in lines)


def test_hints_are_told_when_asked_for(leftfold: Leftfold) -> None:
    ran = drawn(leftfold, "--hint")
    assert ran.code == 0
    assert "orphan: event billing/Reminded" in ran.out
    assert "possible cycle" not in ran.out
    assert "possible cycle: event market/Placed" in drawn(leftfold, "--hint", app=ROGUE).out


@pytest.mark.parametrize(
    "arguments",
    [["--to", "png"], ["--observed"], ["--observed", "--store", "sqlite:///one.db"], ["Place"]],
)
def test_a_wrong_command_line_is_exit_code_2(leftfold: Leftfold, arguments: list[str]) -> None:
    ran = drawn(leftfold, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


def test_without_an_app_the_command_says_how_to_name_one(leftfold: Leftfold) -> None:
    ran = leftfold("flow")
    assert (ran.code, ran.out) == (2, "")
    assert "--app" in ran.err
