"""`leftfold context`: check and observe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from leftfold.borders import GRACE, load_baseline
from leftfold.clock import SystemClock
from tests.borders.office import office
from tests.borders.trees import Tree
from tests.cli.command import Leftfold, run_apart

MAP = """
from leftfold import App
from leftfold.contexts import ContextMap, CustomerSupplier
from office.billing import orders
from office.billing.context import billing
from office.ordering.api import Ordered
from office.ordering.context import ordering
from office.shipping.context import shipping
{more}

MAP = ContextMap("office", CustomerSupplier(supplier=ordering, customer=billing), alone=(shipping,))

def app():
    return App(ordering, billing, shipping, store="memory:", context_map=MAP)

def without():
    return App(ordering, billing, shipping, store="memory:")

def refused():
    @shipping.on(Ordered)
    async def hear(event: Ordered) -> None: ...
    return app()

def broken():
    raise RuntimeError("no luck")

OTHER = 7
"""
BROKEN = MAP.format(more="").lstrip().splitlines().index('    raise RuntimeError("no luck")') + 1
PLANTED = "from office.ordering.order import Order\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tree]:
    """The office, in the working directory."""
    made = Tree(tmp_path)
    monkeypatch.chdir(tmp_path)
    made.write({**office(), "system.py": MAP.format(more="")})
    yield made
    made.forget()


@pytest.fixture
def planted(tree: Tree) -> Tree:
    """The office where shipping imports what it may not."""
    tree.write({"office/shipping/main.py": PLANTED})
    return tree


def check(leftfold: Leftfold, *more: str) -> tuple[int, str]:
    ran = leftfold("context", "check", "--app", "system:MAP", *more)
    assert ran.err == ""
    return ran.code, ran.out


@pytest.mark.parametrize("named", ["system:MAP", "system:app"])
@pytest.mark.usefixtures("tree")
def test_what_keeps_to_its_map_is_told_so(leftfold: Leftfold, named: str) -> None:
    ran = leftfold("context", "check", "--app", named)
    assert (ran.code, ran.out, ran.err) == (0, "nothing found\n", "")


@pytest.mark.usefixtures("planted")
def test_what_does_not_is_told_with_the_line_and_a_code(leftfold: Leftfold) -> None:
    code, out = check(leftfold)
    assert code == 1
    assert out == (
        "error: no-relation\n"
        "  ordering, shipping: office.shipping.main imports office.ordering.order, which belongs to ordering: no "
        "relation lets shipping follow ordering; declare one, or take it out\n"
        "    found at     office/shipping/main.py:1\n"
        "\n"
        "1 error\n"
    )


@pytest.mark.usefixtures("planted")
def test_json_is_a_line_for_each_finding(leftfold: Leftfold) -> None:
    ran = leftfold("context", "check", "--app", "system:MAP", "--format", "json")
    (line,) = ran.lines
    assert (ran.code, line["rule"], line["found_at"]) == (1, "no-relation", "office/shipping/main.py:1")


@pytest.mark.usefixtures("planted")
def test_sarif_is_one_log(leftfold: Leftfold) -> None:
    code, out = check(leftfold, "--format", "sarif")
    log = json.loads(out)
    assert (code, log["version"]) == (1, "2.1.0")
    (result,) = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "office/shipping/main.py"}


def test_notes_alone_fail_nothing(tree: Tree, leftfold: Leftfold) -> None:
    tree.write({"office/shipping/main.py": "def load(name): __import__(name)\n"})
    code, out = check(leftfold)
    assert code == 0
    assert out.startswith("note: not-seen\n")


def test_warnings_fail(tree: Tree, leftfold: Leftfold) -> None:
    text = 'from leftfold import Context\nshipping = Context("shipping", package="office.shipping")\n'
    tree.write({"office/shipping/context.py": text})
    code, out = check(leftfold)
    assert (code, out.splitlines()[0]) == (1, "warning: no-team")


def test_a_baseline_is_written_filled_in_accepted_and_ends(planted: Tree, leftfold: Leftfold) -> None:
    code, out = check(leftfold, "--baseline", "base.toml", "--write-baseline")
    assert (code, out) == (0, "base.toml: 1 finding accepted, 1 without a reason yet\n")
    path = planted.root / "base.toml"
    ran = leftfold("context", "check", "--app", "system:MAP", "--baseline", "base.toml")
    assert (ran.code, "base.toml:3: reason is empty" in ran.err) == (2, True)
    path.write_text(path.read_text().replace('reason = ""', 'reason = "it is being moved"'))
    today = SystemClock().now().date()
    assert load_baseline(path)[0].until in (today + GRACE, today + GRACE - timedelta(days=1))
    assert check(leftfold, "--baseline", "base.toml") == (0, "nothing found\n")
    until = load_baseline(path)[0].until
    path.write_text(path.read_text().replace(str(until), "2020-01-01"))
    code, out = check(leftfold, "--baseline", "base.toml")
    assert code == 1
    assert "(accepted until 2020-01-01: it is being moved; that is over)" in out
    (planted.root / "office/shipping/main.py").write_text("")
    code, out = check(leftfold, "--baseline", "base.toml")
    assert (code, out.splitlines()[0]) == (1, "warning: baseline-unused")
    assert "declared at  base.toml:3" in out
    assert check(leftfold, "--baseline", "base.toml", "--write-baseline")[1].startswith("base.toml: 0 findings")


def test_what_was_observed_is_joined(tree: Tree, leftfold: Leftfold) -> None:
    (tree.root / "seen.json").write_text(
        '{"format": 1, "observed": [\n {"kind": "command", "source": "shipping", "type": "Bill", "version": 0, '
        '"consumer": "billing", "count": 2, "first": "2026-03-01T12:00:00Z", "last": "2026-03-02T12:00:00Z"}\n]}'
    )
    code, out = check(leftfold, "--observed", "seen.json")
    assert code == 1
    assert "shipping sends the command Bill (seen 2 times, last on 2026-03-02), which belongs to billing" in out


@pytest.mark.parametrize("place", ["system:refused", "at_once:APP"])
@pytest.mark.parametrize("form", ["text", "json", "sarif"])
@pytest.mark.usefixtures("planted")
def test_an_app_that_its_map_refuses_is_told_like_any(tree: Tree, leftfold: Leftfold, form: str, place: str) -> None:
    tree.write({"at_once.py": "from system import refused\n\nAPP = refused()\n"})
    ran = leftfold("context", "check", "--app", place, "--format", form)
    assert (ran.code, ran.err) == (1, "")
    found = {"text": "2 errors", "json": '"no-relation"', "sarif": '"ruleId":"no-relation"'}[form]
    assert found in ran.out
    assert "reaction shipping.hear takes the event ordering.ordered" in ran.out
    assert "office/shipping/main.py" in ran.out  # what is imported too, which no app is refused for


@pytest.mark.usefixtures("tree")
def test_the_map_of_an_app_that_it_refuses_is_drawn(leftfold: Leftfold) -> None:
    assert leftfold("context", "map", "--app", "system:refused", "--json").code == 0


@pytest.mark.parametrize(
    "verb", [["flow"], ["context", "export"], ["projections", "--store", "sqlite:///{context}.db"]]
)
@pytest.mark.usefixtures("tree")
def test_what_needs_an_app_that_its_map_refuses_says_why_there_is_none(leftfold: Leftfold, verb: list[str]) -> None:
    ran = leftfold(*verb, "--app", "system:refused")
    assert (ran.code, ran.out) == (2, "")
    assert "no-relation" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "which map? Give --app MODULE:OBJECT"),
        (("--app", "system"), "write MODULE:OBJECT"),
        (
            ("--app", "system:nothing"),
            "could not be loaded: AttributeError: module 'system' has no attribute 'nothing'\n",
        ),
        (("--app", "nowhere:app"), "could not be loaded: ModuleNotFoundError: No module named 'nowhere'\n"),
        (("--app", "system:broken"), f"could not be loaded: RuntimeError: no luck; raised at system.py:{BROKEN}\n"),
        (("--app", "system:without"), "is an App without a map; give it context_map="),
        (("--app", "system:OTHER"), "is a int; name an App with context_map=, or a ContextMap"),
        (("--app", "system:MAP", "--baseline", "gone.toml"), "--baseline gone.toml: there is no such file"),
        (("--app", "system:MAP", "--observed", "gone.json"), "--observed gone.json: there is no such file"),
        (("--app", "system:MAP", "--write-baseline"), "Say --baseline FILE"),
        (("--app", "system:MAP", "--write-baseline", "--baseline", "gone/base.toml"), "gone/base.toml"),
        (("--app", "system:MAP", "--format", "xml"), "xml"),
    ],
)
@pytest.mark.usefixtures("tree")
def test_a_command_line_that_cannot_be_carried_out_is_2(
    leftfold: Leftfold, arguments: tuple[str, ...], said: str
) -> None:
    ran = leftfold("context", "check", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_damaged_file_is_told_with_its_place(tree: Tree, leftfold: Leftfold) -> None:
    (tree.root / "seen.json").write_text('{"format": 1,\n[')
    ran = leftfold("context", "check", "--app", "system:MAP", "--observed", "seen.json")
    assert (ran.code, ran.err.startswith("leftfold: seen.json:2: ")) == (2, True)


@pytest.mark.usefixtures("planted")
def test_the_app_may_be_named_by_the_environment(tmp_path: Path) -> None:
    ran = run_apart("context", "check", cwd=tmp_path, LEFTFOLD_APP="system:app")
    assert (ran.code, ran.out.splitlines()[-1]) == (1, "1 error")


def market_at(tmp_path: Path) -> str:
    import asyncio

    from tests.flow import market

    async def trade() -> None:
        async with market.app().with_settings(store=url, workers=True) as app:
            await app.send(market.Place(order="A"))
            await app.settle()

    url = f"sqlite:///{tmp_path}/{{context}}.db"
    asyncio.run(trade())
    return url


def test_what_logs_show_is_written_to_a_file_and_checked(tmp_path: Path, leftfold: Leftfold) -> None:
    url, output = market_at(tmp_path), tmp_path / "seen.json"
    ran = leftfold("context", "observe", "--app", "tests.flow.market:app", "--store", url, "--output", str(output))
    assert (ran.code, ran.out) == (0, "")
    (one,) = json.loads(output.read_text())["observed"]
    assert (one["kind"], one["source"], one["type"], one["version"], one["consumer"], one["count"]) == (
        "event",
        "market",
        "Placed",
        1,
        "billing",
        1,
    )
    shown = leftfold("context", "observe", "--app", "tests.flow.market:app", "--store", url)
    assert shown.out == output.read_text()
    (line,) = leftfold("context", "observe", "--app", "tests.flow.market:app", "--store", url, "--json").lines
    assert line == one
    again = ("--store", url, "--json", "--output", str(tmp_path / "again.json"))
    assert leftfold("context", "observe", "--app", "tests.flow.market:app", *again) == (0, "", "")
    assert (tmp_path / "again.json").read_text() == shown.out


def test_a_store_that_is_not_there_is_told(tmp_path: Path, leftfold: Leftfold) -> None:
    url = f"sqlite:///{tmp_path}/{{context}}.db"
    ran = leftfold("context", "observe", "--app", "tests.flow.market:app", "--store", url)
    assert (ran.code, "No store is at" in ran.err) == (1, True)
