"""Each finding with what is wrong, and with nothing wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from leftfold import Context
from leftfold.borders import Authors, kernel_findings, kernel_report
from leftfold.contexts import ContextMap, Finding, SharedKernel
from tests.borders.kernel_site import ANN, BEA, Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A kernel that both teams have approved."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    site = Site(tmp_path)
    site.approve_all()
    assert site.rules() == []
    return site


def only(site: Site, rule: str, authors: Authors | None = None) -> Finding:
    """The one finding of *rule*, which says where it was declared."""
    found = [finding for finding in site.findings(authors) if finding.rule == rule]
    assert len(found) == 1
    assert found[0].declared_at == site.kernel.place
    return found[0]


def line_at(finding: Finding) -> str:
    path, _, number = finding.found_at.rpartition(":")
    return Path(path).read_text().split("\n")[int(number) - 1]


def test_a_map_without_kernels_needs_no_files(tmp_path: Path) -> None:
    alone = ContextMap("acme", alone=(Context("ordering"),))
    assert kernel_findings(alone, tmp_path / "kernel.lock", tmp_path / "teams.toml") == ()


def test_a_kernel_that_is_not_locked(site: Site) -> None:
    site.lock.unlink()
    assert site.rules() == ["kernel-not-locked"]
    finding = only(site, "kernel-not-locked")
    assert (finding.contexts, finding.subject, finding.severity) == (("billing", "ordering"), "money", "error")
    assert "leftfold kernel approve money --team" in finding.message


def test_a_kernel_that_has_changed_names_the_elements_and_whose_approval_is_outdated(site: Site) -> None:
    site.edit("self.minor +", "self.minor -")
    assert site.rules() == ["kernel-approval-outdated", "kernel-approval-outdated", "kernel-changed"]
    finding = only(site, "kernel-changed")
    assert f"changed {site.package}.total:Money.plus" in finding.message
    assert line_at(finding).lstrip().startswith("def plus")
    outdated = [one for one in site.findings() if one.rule == "kernel-approval-outdated"]
    assert [(one.contexts, one.subject) for one in outdated] == [
        (("billing",), "money, billing"),
        (("ordering",), "money, checkout"),
    ]
    assert [line_at(one).strip() for one in outdated] == ['"team": "billing"', '"team": "checkout"']
    assert all(f"changed {site.package}.total:Money.plus" in one.message for one in outdated)


def test_layout_comments_and_docstrings_leave_approvals_valid(site: Site) -> None:
    site.edit('    """An amount."""\n', "    # an amount\n\n")
    assert site.rules() == []


def test_an_element_that_is_gone_is_found_where_the_kernel_is_locked(site: Site) -> None:
    site.edit("def nothing() -> Money:\n    return Money(0)\n", "")
    assert line_at(only(site, "kernel-changed")).strip() == '"money": {'


def test_a_team_that_has_not_approved(site: Site) -> None:
    site.share(site.ordering, site.billing, Context("shipping", team="logistics"))
    site.teams.write_text(site.teams.read_text() + '[teams.logistics]\nmembers = ["x@example.org"]\n')
    assert site.rules() == ["kernel-not-approved"]
    finding = only(site, "kernel-not-approved")
    assert (finding.contexts, finding.subject) == (("shipping",), "money, logistics")


def test_when_one_team_has_approved_a_change_only_the_other_is_outdated(site: Site) -> None:
    site.edit("self.minor +", "self.minor -")
    site.approve("checkout", ANN)
    assert site.rules() == ["kernel-approval-outdated"]
    assert only(site, "kernel-approval-outdated").subject == "money, billing"


def test_two_contexts_of_one_team_need_one_approval(site: Site) -> None:
    site.share(site.ordering, site.billing, Context("shipping", team="billing"))
    assert site.rules() == []
    assert [team.contexts for team in site.status().teams] == [("billing", "shipping"), ("ordering",)]


def test_a_context_without_a_team(site: Site) -> None:
    shipping = Context("shipping")
    site.share(site.ordering, site.billing, shipping)
    assert site.rules() == ["kernel-without-team"]
    finding = only(site, "kernel-without-team")
    assert (finding.contexts, finding.found_at) == (("shipping",), shipping.place)


def test_an_approver_of_another_team_and_one_that_nobody_knows(site: Site) -> None:
    site.teams.write_text(f'[teams.billing]\nmembers = ["{BEA}"]\n[teams.checkout]\nmembers = ["al@example.org"]\n')
    finding = only(site, "kernel-approver-unknown")
    assert (finding.subject, line_at(finding).strip()) == ("money, checkout", '"team": "checkout"')
    site.teams.write_text(f'[teams.billing]\nmembers = ["{BEA}", "{ANN}"]\n[teams.checkout]\nmembers = []\n')
    assert site.rules() == ["kernel-approver-not-in-team"]
    assert "is in billing" in only(site, "kernel-approver-not-in-team").message


def test_a_team_that_the_file_of_teams_does_not_know(site: Site) -> None:
    site.teams.write_text(f'[teams.billing]\nmembers = ["{BEA}"]\n')
    assert site.rules() == ["kernel-unknown-team"]
    assert only(site, "kernel-unknown-team").found_at == f"{site.teams}:1"


def test_no_file_of_teams(site: Site) -> None:
    site.teams.unlink()
    assert site.rules() == ["kernel-no-teams"]


def test_who_approves_commits_it(site: Site) -> None:
    good = {("money", "checkout"): (ANN, "al@example.org"), ("money", "billing"): ("BEA@example.org",)}
    assert site.rules(Authors(good)) == []
    other = Authors({**good, ("money", "checkout"): ("al@example.org",)})
    assert site.rules(other) == ["kernel-author-not-approver"]
    assert line_at(only(site, "kernel-author-not-approver", other)).strip() == '"team": "checkout"'
    stranger = Authors({**good, ("money", "checkout"): (ANN, BEA)})
    assert site.rules(stranger) == ["kernel-author-not-in-team"]
    assert BEA in only(site, "kernel-author-not-in-team", stranger).message


def test_who_committed_and_is_not_known_is_a_note_or_a_warning_where_it_should_be(site: Site) -> None:
    known = {("money", "checkout"): (ANN,)}
    assert site.rules(Authors(known)) == []
    note = only(site, "kernel-author-unknown", Authors(known, "there is no git checkout here"))
    assert (note.severity, note.subject, "no git checkout" in note.message) == ("note", "money, billing", True)
    shallow = Authors(known, "it is shallow", "warning")
    assert only(site, "kernel-author-unknown", shallow).severity == "warning"
    assert kernel_report(site.map, site.lock, site.teams, authors=Authors(known, "no git")).agreed
    assert not kernel_report(site.map, site.lock, site.teams, authors=shallow).agreed


def test_outdated_approvals_are_held_against_nobody_else(site: Site) -> None:
    site.edit("self.minor +", "self.minor -")
    site.teams.write_text("[teams.billing]\nmembers = []\n[teams.checkout]\nmembers = []\n")
    assert set(site.rules(Authors({("money", "checkout"): (BEA,)}))) == {"kernel-changed", "kernel-approval-outdated"}


def test_a_team_that_has_left_is_a_note(site: Site) -> None:
    site.share(site.ordering, Context("shipping", team="checkout"))
    finding = only(site, "kernel-team-left")
    assert (finding.severity, finding.subject) == ("note", "money, billing")
    assert site.status().agreed


def test_a_kernel_that_is_locked_and_not_on_the_map_is_a_note(site: Site) -> None:
    site.kernel = SharedKernel("cash", package=site.package, between=[site.ordering, site.billing])
    site.map = ContextMap("acme", site.kernel)
    assert site.rules() == ["kernel-not-locked", "kernel-not-on-map"]
    finding = only(site, "kernel-not-on-map")
    assert (finding.severity, finding.subject) == ("note", "money")
    assert line_at(finding).strip() == '"money": {'


@pytest.mark.parametrize("text", [b"<<<<<<< HEAD\n", b"\xff", b"{\n\n"])
def test_a_lock_that_cannot_be_read(site: Site, text: bytes) -> None:
    site.lock.write_bytes(text)
    assert site.rules() == ["kernel-invalid-file"]
    assert only(site, "kernel-invalid-file").found_at.startswith(f"{site.lock}:")
    assert not kernel_report(site.map, site.lock, site.teams).agreed


def test_a_file_of_teams_that_cannot_be_read(site: Site) -> None:
    site.teams.write_text("[teams.a]\nmembers = 1 2\n")
    assert site.rules() == ["kernel-invalid-file"]
    assert only(site, "kernel-invalid-file").found_at == f"{site.teams}:2"


def test_a_package_that_cannot_be_read(site: Site) -> None:
    site.edit("def nothing()", "def nothing(")
    finding = only(site, "kernel-unreadable")
    assert line_at(finding).startswith("def nothing(")
    assert site.rules() == ["kernel-unreadable"]


def test_findings_are_the_same_each_time(site: Site) -> None:
    site.edit("self.minor +", "self.minor -")
    site.share(site.ordering, site.billing, Context("a", team="a"), Context("b"))
    assert site.findings() == site.findings()
    assert [one.severity for one in site.findings()] == sorted(one.severity for one in site.findings())
