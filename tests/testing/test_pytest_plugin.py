"""The plugin adds one test, which fails as the command would."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from leftfold.testing import pytest_plugin
from tests.borders.office import OFFICE
from tests.borders.trees import Tree

SYSTEM = """
    from leftfold import Context, ContextMap
    from leftfold.contexts import CustomerSupplier

    orders = Context("orders", team="a team", package="mill.orders", published=["mill.orders.api"])
    bills = Context("bills", team="a team", package="mill.bills")
    MAP = ContextMap("mill", CustomerSupplier(supplier=orders, customer=bills))

    def made():
        return MAP

    NUMBER = 7
"""
CLEAN = {
    "mill/system.py": SYSTEM,
    "mill/orders/api.py": "",
    "mill/orders/inside.py": "",
    "mill/bills/main.py": "import mill.orders.api\n",
    "test_it.py": "def test_it(): ...\n",
}
PLANTED = {"mill/bills/main.py": "import mill.orders.inside\n"}


REFUSED = """
    from leftfold import App
    from leftfold.contexts import ContextMap, CustomerSupplier
    from office.billing import orders
    from office.billing.context import billing
    from office.ordering.api import Ordered
    from office.ordering.context import ordering
    from office.shipping.context import shipping

    @shipping.on(Ordered)
    async def hear(event: Ordered) -> None: ...

    MAP = ContextMap("office", CustomerSupplier(supplier=ordering, customer=billing), alone=(shipping,))

    def made():
        return App(ordering, billing, shipping, store="memory:", context_map=MAP)
"""
AT_ONCE = """
    from office.made import made

    app = made()
"""


class Results:
    """What became of each test."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.texts: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep it."""
        if report.when == "call":
            self.outcomes[report.nodeid] = report.outcome
            self.texts[report.nodeid] = report.longreprtext


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tree]:
    """A mill whose contexts keep to their map."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    made = Tree(tmp_path)
    made.write(CLEAN)
    yield made
    made.forget()


def run(tree: Tree, *arguments: str) -> Results:
    """Run pytest in this process on the tests of a folder."""
    results = Results()
    quiet = ["-q", "-p", "no:cacheprovider", "-c", str(tree.root / "none.ini")]
    (tree.root / "none.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytest.main([*quiet, str(tree.root / "test_it.py"), *arguments], plugins=[pytest_plugin, results])
    return results


@pytest.mark.parametrize("name", ["MAP", "made"])
def test_a_map_is_one_more_test_that_passes_when_contexts_keep_to_it(tree: Tree, name: str) -> None:
    found = run(tree, "--context-map", f"mill.system:{name}")
    assert found.outcomes == {"test_it.py::test_it": "passed", f"::context-map[mill.system:{name}]": "passed"}


def test_what_is_not_as_the_map_says_fails_with_the_findings_alone(tree: Tree) -> None:
    tree.write(PLANTED)
    found = run(tree, "--context-map", "mill.system:MAP")
    assert found.outcomes["::context-map[mill.system:MAP]"] == "failed"
    text = found.texts["::context-map[mill.system:MAP]"]
    assert "unpublished-import" in text
    assert text.count("mill/bills/main.py:1") == 1
    assert "Traceback" not in text and "pytest_plugin.py" not in text  # noqa: PT018 - neither of two


def test_what_a_baseline_accepts_passes(tree: Tree) -> None:
    tree.write(PLANTED)
    (tree.root / "known.toml").write_text(
        '[[accepted]]\nrule = "unpublished-import"\ncontexts = ["bills", "orders"]\n'
        'subject = "mill.bills.main -> mill.orders.inside"\nreason = "old"\nuntil = 2999-01-01\n'
    )
    found = run(tree, "--context-map", "mill.system:MAP", "--context-map-baseline", str(tree.root / "known.toml"))
    assert found.outcomes["::context-map[mill.system:MAP]"] == "passed"


@pytest.mark.parametrize("place", ["office.made:made", "office.at_once:app"])
def test_an_app_that_its_map_refuses_fails_with_the_findings_too(tree: Tree, place: str) -> None:
    tree.write({**OFFICE, "office/made.py": REFUSED, "office/at_once.py": AT_ONCE})
    found = run(tree, "--context-map", place)
    assert found.outcomes[f"::context-map[{place}]"] == "failed"
    text = found.texts[f"::context-map[{place}]"]
    assert text.startswith("contexts do not keep to their map\n\nerror: no-relation\n")
    assert "reaction shipping.hear takes the event ordering.ordered" in text
    assert "pytest_plugin.py" not in text


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("mill.system:NUMBER", "is a int; name an App"),
        ("mill.system:NOTHING", "has no attribute 'NOTHING'; write MODULE:OBJECT"),
        ("mill.nowhere:MAP", "No module named 'mill.nowhere'; write MODULE:OBJECT"),
        ("mill system", "write MODULE:OBJECT"),
    ],
)
def test_a_place_without_a_map_is_told(tree: Tree, place: str, said: str) -> None:
    found = run(tree, "--context-map", place)
    assert found.outcomes[f"::context-map[{place}]"] == "failed"
    assert found.texts[f"::context-map[{place}]"].count(said) == 1


def test_words_choose_among_all_tests_and_without_a_map_there_is_none_more(tree: Tree) -> None:
    assert run(tree, "--context-map", "mill.system:MAP", "-k", "test_it").outcomes == {"test_it.py::test_it": "passed"}
    assert run(tree).outcomes == {"test_it.py::test_it": "passed"}
