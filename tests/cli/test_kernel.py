from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from leftfold.borders import Approval, KernelChange, KernelStatus
from leftfold.contexts import Finding
from tests.borders.kernel_site import ANN, BEA, Site
from tests.cli.command import Leftfold, Ran, run_apart

PROGRAM = """
from leftfold import App, Context
from leftfold.contexts import ContextMap, SharedKernel

ordering = Context("ordering", team="checkout", package="acme.ordering")
billing = Context("billing", team="billing", package="acme.billing")
money = SharedKernel("money", package="shared_money", between=[ordering, billing])
places = "sqlite:///{context}.db"
app = App(ordering, billing, store=places, context_map=ContextMap("acme", money))
apart = App(ordering, billing, store=places, context_map=ContextMap("acme", alone=(ordering, billing)))
bare = App(ordering, store="sqlite:///bank.db")
"""


class Report(msgspec.Struct):
    agreed: bool
    kernels: list[KernelStatus]
    findings: list[Finding]


class Written(msgspec.Struct):
    approval: Approval
    changes: list[KernelChange]
    first: bool
    waiting: list[str]


class Office(Site):
    """A folder with a program, in which the command runs."""

    def __init__(self, root: Path, run: Leftfold) -> None:
        super().__init__(root, "shared_money")
        self._run = run

    def leftfold(self, *arguments: str, app: str = "program:app") -> Ran:
        """Run the command, with modules as they are in the folder now."""
        for name in [one for one in sys.modules if one.partition(".")[0] in {"program", "shared_money"}]:
            del sys.modules[name]
        return self._run("kernel", *arguments, "--app", app)

    def agree(self) -> None:
        """Both teams approve."""
        for team, by in (("checkout", ANN), ("billing", BEA)):
            assert self.leftfold("approve", "money", "--team", team, "--by", by).code == 0


@pytest.fixture
def office(tmp_path: Path, leftfold: Leftfold, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A folder with a program whose contexts share a kernel that nobody has approved; nobody is known to git."""
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a second change within one second is one, too
    for name, value in {"GLOBAL": os.devnull, "SYSTEM": os.devnull}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return Office(tmp_path, leftfold)


def report(ran: Ran) -> Report:
    return msgspec.json.decode(ran.out, type=Report)


def test_from_the_first_approval_to_an_agreement_to_a_change_and_back(office: Office) -> None:
    ran = office.leftfold("status")
    assert (ran.code, ran.err) == (1, "")
    assert "kernel money (shared_money) is not agreed\n  team billing: has not approved it\n" in ran.out
    assert "error: kernel-not-locked: " in ran.out
    assert ran.out.rstrip().endswith("[program.py:7]")

    ran = office.leftfold("approve", "money", "--team", "checkout", "--by", ANN)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"kernel money is approved for team checkout by {ANN}",
        "  this is the team's first approval",
        "not yet: billing",
        "commit kernel.lock",
    ]
    ran = office.leftfold("status")
    assert (ran.code, "kernel-not-approved" in ran.out, "team 'billing'" in ran.out) == (1, True, True)
    ran = office.leftfold("approve", "money", "--team", "billing", "--by", BEA)
    assert "all teams have approved it\n" in ran.out
    ran = office.leftfold("status")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "kernel money (shared_money) is agreed")

    office.edit("self.minor +", "self.minor -")
    ran = office.leftfold("status")
    assert ran.code == 1
    assert "  changed shared_money.total:Money.plus since all agreed\n" in ran.out
    assert "[shared_money/total.py:12]" in ran.out
    ran = office.leftfold("approve", "money", "--team", "billing", "--by", BEA)
    assert "\n  changed shared_money.total:Money.plus\nnot yet: checkout\n" in ran.out
    ran = office.leftfold("status")
    assert (ran.code, "team checkout: approved another state on" in ran.out) == (1, True)

    office.edit("self.minor -", "self.minor +")
    assert office.leftfold("status").code == 1
    assert "nothing has changed" not in office.leftfold("approve", "money", "--team", "billing", "--by", BEA).out
    assert office.leftfold("status").code == 0
    again = office.leftfold("approve", "money", "--team", "billing", "--by", BEA)
    assert "  nothing has changed since the team's last approval\n" in again.out


def test_layout_comments_and_docstrings_leave_it_agreed(office: Office) -> None:
    office.agree()
    office.edit('"""An amount."""', "'''Some amount.'''  # exact")
    assert office.leftfold("status").code == 0


def test_json_tells_all_of_it(office: Office) -> None:
    office.agree()
    office.edit("self.minor +", "self.minor -")
    written = msgspec.json.decode(
        office.leftfold("approve", "money", "--team", "billing", "--by", BEA, "--json").out, type=Written
    )
    change = KernelChange("shared_money.total:Money.plus", "changed")
    assert (written.changes, written.first, written.waiting) == ([change], False, ["checkout"])
    found = report(office.leftfold("status", "--json"))
    (kernel,) = found.kernels
    assert (found.agreed, kernel.agreed, kernel.digest) == (False, False, written.approval.digest)
    assert kernel.changes == (change,)
    assert [(one.team, one.state, one.changes) for one in kernel.teams] == [
        ("billing", "approved", ()),
        ("checkout", "outdated", (change,)),
    ]
    assert [one.rule for one in kernel.findings] == ["kernel-approval-outdated", "kernel-author-unknown"]


def test_who_is_not_in_the_team_is_refused_and_nothing_is_written(office: Office) -> None:
    ran = office.leftfold("approve", "money", "--team", "billing", "--by", ANN)
    assert (ran.code, ran.out) == (1, "")
    assert "only its members may" in ran.err
    assert not office.lock.exists()


def test_git_says_who_approves_and_who_has_committed_it(office: Office) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=office.root, check=True, capture_output=True)

    git("init", "-q")
    git("config", "user.email", ANN)
    git("config", "user.name", "Ann")
    assert office.leftfold("approve", "money", "--team", "checkout").code == 0
    office.leftfold("approve", "money", "--team", "billing", "--by", BEA)
    assert office.leftfold("status").code == 0
    git("add", "-A")
    git("commit", "-q", "-m", "agree")
    ran = office.leftfold("status")
    assert (ran.code, ran.out.count("kernel-author-not-approver")) == (1, 1)
    given = ("--author", f"checkout={ANN}", "--author", f"billing={BEA}")
    assert office.leftfold("status", *given).code == 0
    assert office.leftfold("status", *given[:2]).code == 0
    assert office.leftfold("status", "--author", f"billing={ANN}").code == 1


def test_files_can_be_elsewhere(office: Office, tmp_path: Path) -> None:
    (tmp_path / "agreed").mkdir()
    office.teams.rename(tmp_path / "agreed" / "people.toml")
    files = ("--lock", "agreed/shared.lock", "--teams", "agreed/people.toml")
    assert office.leftfold("approve", "money", "--team", "checkout", "--by", ANN, *files).code == 0
    assert (tmp_path / "agreed" / "shared.lock").exists()
    assert "kernel-not-approved" in office.leftfold("status", *files).out
    assert "kernel-no-teams" in office.leftfold("status").out


def test_one_of_several_can_be_named(office: Office) -> None:
    assert "kernel money" in office.leftfold("status", "money").out
    assert office.leftfold("status", "cash").code == 2


def test_a_map_without_kernels_is_agreed_on(office: Office) -> None:
    ran = office.leftfold("status", app="program:apart")
    assert (ran.code, ran.out) == (0, "there is no shared kernel on the map\n")


def test_a_lock_with_markers_of_a_merge_is_named_with_its_line(office: Office) -> None:
    office.agree()
    office.lock.write_text("<<<<<<< HEAD\n" + office.lock.read_text())
    ran = office.leftfold("status")
    assert (ran.code, "[kernel.lock:1]" in ran.out) == (1, True)
    ran = office.leftfold("approve", "money", "--team", "billing", "--by", BEA)
    assert (ran.code, ran.err.startswith("leftfold: kernel.lock:1: ")) == (1, True)


def test_text_that_would_steer_a_terminal_is_escaped(office: Office) -> None:
    office.agree()
    office.write("\x1b[31m.csv", b"")
    ran = office.leftfold("status")
    assert (ran.code, "\x1b" in ran.out, "\\u001b[31m.csv" in ran.out or "\\x1b[31m.csv" in ran.out) == (1, False, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["agree"],
        ["approve"],
        ["approve", "money"],
        ["approve", "cash", "--team", "billing"],
        ["approve", "money", "--team", "billing"],
        ["approve", "money", "--team", "billing", "--by", ""],
        ["approve", "money", "--team", "billing", "--by", BEA, "--author", "billing=x"],
        ["status", "--team", "billing"],
        ["status", "--author", ANN],
        ["status", "--author", f"shipping={ANN}"],
        ["status", "--author", "billing="],
    ],
)
def test_a_wrong_command_line_is_exit_code_2(office: Office, arguments: Sequence[str]) -> None:
    ran = office.leftfold(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert not office.lock.exists()


def test_an_app_without_a_map_or_none_at_all_is_exit_code_2(office: Office, leftfold: Leftfold) -> None:
    ran = office.leftfold("status", app="program:bare")
    assert (ran.code, "context_map" in ran.err) == (2, True)
    ran = leftfold("kernel", "status")
    assert (ran.code, "--app" in ran.err) == (2, True)


def test_it_runs_as_a_program(office: Office) -> None:
    office.agree()
    ran = run_apart("kernel", "status", "--app", "program:app", cwd=office.root)
    assert (ran.code, ran.err, ran.out.startswith("kernel money (shared_money) is agreed\n")) == (0, "", True)
