from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import Context
from leftfold.borders import Approval, ApprovalRefused, InvalidKernelFile, LockedKernel, read_kernel_lock
from leftfold.borders.kernel_approving import with_approval
from leftfold.borders.kernel_code import Element
from leftfold.borders.kernel_contents import KernelContents
from leftfold.borders.kernel_lock import dump_kernel_lock, load_kernel_lock
from tests.borders.kernel_site import ANN, BEA, Site
from tests.conftest import ROOT


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A kernel that is written to a folder, and imported from there."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return Site(tmp_path)


def locked(site: Site) -> LockedKernel:
    return read_kernel_lock(site.lock)["money"]


def test_an_approval_is_for_what_the_kernel_is_now(site: Site) -> None:
    approved = site.approve("checkout", ANN)
    assert (approved.first, approved.changes, approved.waiting) == (True, (), ("billing",))
    assert approved.approval == Approval("checkout", ANN, datetime(2026, 3, 2, tzinfo=UTC), site.contents().digest)
    assert locked(site).approvals == (approved.approval,)
    assert locked(site).states == {locked(site).digest: site.contents().state}
    assert locked(site).agreed == ""


def test_with_the_last_approval_it_is_agreed(site: Site) -> None:
    site.approve("checkout", ANN)
    assert site.approve("billing", BEA).waiting == ()
    assert locked(site).agreed == locked(site).digest
    assert site.rules() == []


def test_a_change_is_told_from_what_all_agreed_on_whoever_approved_in_between(site: Site) -> None:
    site.approve_all()
    agreed = locked(site).digest
    site.edit("self.minor +", "self.minor -")
    first = site.approve("checkout", ANN)
    site.edit('"EUR"', '"USD"')
    second = site.approve("checkout", ANN)
    assert [str(one) for one in first.changes] == [f"changed {site.package}.total:Money.plus"]
    assert second.changes != first.changes
    told = [*map(str, first.changes), *map(str, second.changes)]
    assert sorted(locked(site).changes) == sorted(told)
    assert (locked(site).agreed, len(locked(site).states)) == (agreed, 2)
    last = site.approve("billing", BEA)
    assert sorted(map(str, last.changes)) == sorted(told)
    assert sorted(locked(site).changes) == sorted(told)
    assert (locked(site).agreed, len(locked(site).states)) == (locked(site).digest, 1)


def test_approving_again_what_was_approved_only_makes_it_newer(site: Site) -> None:
    site.approve_all()
    before = locked(site)
    again = site.approve("checkout", "AL@example.org")
    assert (again.first, again.changes, again.waiting) == (False, (), ())
    assert locked(site).by_team["checkout"].by == "AL@example.org"
    assert locked(site).by_team["billing"] == before.by_team["billing"]
    assert (locked(site).digest, locked(site).states) == (before.digest, before.states)


def test_going_back_to_what_was_agreed_on_needs_nobody_again(site: Site) -> None:
    site.approve_all()
    site.edit("self.minor +", "self.minor -")
    assert "kernel-changed" in site.rules()
    site.edit("self.minor -", "self.minor +")
    assert site.rules() == []


def test_the_approval_of_a_team_that_has_left_goes_with_the_next_one(site: Site) -> None:
    site.approve_all()
    site.share(site.ordering, Context("shipping", team="checkout"))
    assert site.rules() == ["kernel-team-left"]
    site.approve("checkout", ANN)
    assert [one.team for one in locked(site).approvals] == ["checkout"]
    assert site.rules() == []


def test_other_kernels_stay_as_they_are(site: Site) -> None:
    site.approve_all()
    other = dump_kernel_lock({"another": locked(site)})
    site.lock.write_text(other)
    site.approve("checkout", ANN)
    assert read_kernel_lock(site.lock).keys() == {"another", "money"}
    assert read_kernel_lock(site.lock)["another"] == load_kernel_lock(other, "")["another"]


@pytest.mark.parametrize(
    ("team", "by", "word"),
    [
        ("checkout", BEA, "only its members may"),
        ("checkout", "", "only its members may"),
        ("shipping", ANN, "the teams that share it are billing, checkout"),
        ("", ANN, "the teams that share it are"),
    ],
)
def test_who_may_not_approve_is_refused_and_nothing_is_written(site: Site, team: str, by: str, word: str) -> None:
    with pytest.raises(ApprovalRefused, match=word) as caught:
        site.approve(team, by)
    assert (caught.value.kernel, caught.value.team, caught.value.by) == ("money", team, by)
    assert not site.lock.exists()


@pytest.mark.parametrize(("teams", "word"), [(None, "there is no"), ("[teams.x]\nmembers = []\n", "not in")])
def test_without_members_nobody_may(site: Site, teams: str | None, word: str) -> None:
    if teams is None:
        site.teams.unlink()
    else:
        site.teams.write_text(teams)
    with pytest.raises(ApprovalRefused, match=word):
        site.approve("checkout", ANN)


def test_a_lock_that_cannot_be_read_is_not_written_over(site: Site) -> None:
    site.lock.write_text("<<<<<<< HEAD\n")
    with pytest.raises(InvalidKernelFile):
        site.approve("checkout", ANN)
    assert site.lock.read_text() == "<<<<<<< HEAD\n"
    assert not site.lock.with_name("kernel.lock.new").exists()


APPROVING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.borders.kernel_site import Site
from leftfold.borders import approve_kernel
site = Site(Path("."), "shared_here")
print("ready", flush=True)
sys.stdin.readline()
for _ in range(10):
    approve_kernel(site.kernel, site.lock, site.teams, team=sys.argv[1], by=sys.argv[2], at=datetime.now(UTC))
"""


def test_two_teams_that_approve_at_the_same_time_lose_neither_approval(tmp_path: Path) -> None:
    Site(tmp_path, "shared_here")
    command = [sys.executable, "-c", APPROVING.format(root=str(ROOT))]
    parts = [
        subprocess.Popen([*command, *who], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for who in (("checkout", ANN), ("billing", BEA))
    ]
    for part in parts:
        assert part.stdout is not None
        assert part.stdout.readline() == "ready\n"
    for part in parts:
        assert part.stdin is not None
        part.stdin.write("go\n")
        part.stdin.flush()
    for part in parts:
        part.communicate()
    assert [part.returncode for part in parts] == [0, 0]
    kernel = read_kernel_lock(tmp_path / "kernel.lock")["money"]
    assert kernel.approved_by(["billing", "checkout"])


TEAMS = ("a", "b", "c")
STEPS = st.lists(st.one_of(st.sampled_from(TEAMS), st.integers(0, 3)), max_size=25)


@given(steps=STEPS)
def test_whatever_happens_the_lock_is_sound_and_tells_from_the_last_state_that_all_approved(
    steps: list[str | int],
) -> None:
    """A number makes the kernel that version, and a team approves it."""
    version, kernel, agreed = 0, None, ""
    approved: dict[str, str] = {}
    when = datetime(2026, 1, 1, tzinfo=UTC)
    for step in steps:
        contents = KernelContents("k", {"k:f": Element(str(version), "k.py:1")})
        if isinstance(step, int):
            version = step
            continue
        when += timedelta(hours=1)
        kernel = with_approval(kernel, contents, Approval(step, "x@example.org", when, contents.digest), TEAMS)
        approved[step] = contents.digest
        if len(approved) == len(TEAMS) and set(approved.values()) == {contents.digest}:
            agreed = contents.digest
        assert kernel.agreed == agreed
        assert {one.team: one.digest for one in kernel.approvals} == approved
        assert load_kernel_lock(dump_kernel_lock({"m": kernel}), "") == {"m": kernel}
        assert kernel.states.keys() == {contents.digest, *approved.values(), *([agreed] if agreed else [])}
