"""Who committed an approval, as a real git tells it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from leftfold.borders import approval_authors, read_kernel_lock
from leftfold.borders.kernel_authors import own_address
from tests.borders.kernel_site import ANN, BEA, Site


class Checkout(Site):
    """A kernel in a git checkout."""

    def git(self, *arguments: str) -> str:
        """What git says."""
        command = ["git", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=True).stdout

    def commit(self, address: str, name: str = "N") -> None:
        """Commit everything, as the one with this address."""
        self.git("add", "-A")
        who = ["-c", f"user.email={address}", "-c", f"user.name={name}"]
        self.git(*who, "commit", "-q", "-m", "change", "--allow-empty")

    def rules_by_git(self) -> list[str]:
        """The rules of what is wrong, authors as git tells them."""
        return self.rules(approval_authors(self.lock))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A kernel that each team has approved, and committed that."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "nothing"))
    site = Checkout(tmp_path)
    site.git("init", "-q")
    site.approve("checkout", ANN)
    site.commit(ANN)
    site.approve("billing", BEA)
    site.commit(BEA, "Bea\u2028author-mail <x@example.org>")
    return site


def test_each_approval_is_its_committers(site: Checkout) -> None:
    found = approval_authors(site.lock)
    assert found.known == {("money", "checkout"): (ANN, ANN), ("money", "billing"): (BEA, BEA)}
    assert site.rules_by_git() == []


def test_who_commits_the_approval_of_somebody_else_is_found(site: Checkout) -> None:
    site.edit("self.minor +", "self.minor -")
    site.approve("checkout", ANN)
    site.approve("billing", BEA)
    site.commit(ANN)
    assert site.rules_by_git() == ["kernel-author-not-approver"]


def test_what_one_has_committed_for_all_is_mended_by_a_lock_that_begins_anew(site: Checkout) -> None:
    site.git("update-ref", "-d", "HEAD")
    site.commit(BEA)
    site.approve("checkout", ANN)
    site.commit(ANN)
    [found] = site.findings(approval_authors(site.lock))
    assert (found.rule, found.subject) == ("kernel-author-not-in-team", "money, checkout")
    assert f"delete {site.lock}, commit that" in found.message
    site.lock.unlink()
    site.commit(ANN)
    for team, address in (("checkout", ANN), ("billing", BEA)):
        site.approve(team, address)
        site.commit(address)
    assert site.rules_by_git() == []


def test_who_puts_another_digest_into_the_approval_of_somebody_else_is_found(site: Checkout) -> None:
    before = site.contents().digest
    site.edit("self.minor +", "self.minor -")
    site.approve("checkout", ANN)
    site.lock.write_text(
        site.lock.read_text().replace(f'"digest": "{before}"', f'"digest": "{site.contents().digest}"')
    )
    site.commit(ANN)
    assert "kernel-author-not-in-team" in site.rules_by_git()


def test_who_puts_another_name_into_an_approval_is_found(site: Checkout) -> None:
    site.lock.write_text(site.lock.read_text().replace(ANN, "al@example.org"))
    site.commit(BEA)
    assert site.rules_by_git() == ["kernel-author-not-approver"]


def test_neither_another_name_in_a_mailmap_nor_a_list_of_commits_to_pass_over_hides_who_it_was(site: Checkout) -> None:
    site.approve("billing", BEA)
    (site.root / ".mailmap").write_text(f"Bea <{BEA}> <{ANN}>\n")
    site.commit(ANN)
    (site.root / "ignored").write_text(site.git("rev-parse", "HEAD"))
    site.git("config", "blame.ignoreRevsFile", "ignored")
    found = site.findings(approval_authors(site.lock))
    assert [(one.rule, one.subject) for one in found] == [("kernel-author-not-approver", "money, billing")]


def test_another_member_may_approve_again(site: Checkout) -> None:
    site.approve("checkout", "al@example.org")
    site.commit("al@example.org")
    assert site.rules_by_git() == []


def test_what_is_not_committed_yet_is_not_checked(site: Checkout) -> None:
    site.approve("checkout", "al@example.org")
    assert site.rules_by_git() == ["kernel-author-unknown"]
    assert approval_authors(site.lock).known.keys() == {("money", "billing")}


def test_a_lock_that_is_not_in_git_is_not_checked(site: Checkout) -> None:
    site.git("rm", "-q", "--cached", "kernel.lock")
    site.git("-c", f"user.email={BEA}", "-c", "user.name=N", "commit", "-q", "-m", "gone")
    found = approval_authors(site.lock)
    assert (found.known, found.severity, "not committed" in found.unknown) == ({}, "note", True)


def test_without_a_checkout_nothing_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = approval_authors(tmp_path / "kernel.lock")
    assert (found.known, found.severity) == ({}, "note")
    assert "no git checkout" in found.unknown


def test_without_git_nothing_is_checked(site: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "no git checkout" in approval_authors(site.lock).unknown
    assert own_address(site.root) == ""


def test_a_checkout_without_its_history_is_a_warning_as_git_would_name_the_wrong_one(
    site: Checkout, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shallow = tmp_path_factory.mktemp("shallow") / "clone"
    site.git("clone", "-q", "--depth", "1", f"file://{site.root}", str(shallow))
    found = approval_authors(shallow / "kernel.lock")
    assert (found.known, found.severity, "history" in found.unknown) == ({}, "warning", True)


def test_teams_that_approve_on_branches_of_their_own_agree_once_these_are_merged(site: Checkout) -> None:
    site.edit("self.minor +", "self.minor -")
    site.commit(ANN)
    site.git("branch", "agree")
    site.approve("checkout", ANN)
    site.commit(ANN)
    site.git("checkout", "-q", "agree")
    site.approve("billing", BEA)
    site.commit(BEA)
    assert "kernel-approval-outdated" in site.rules_by_git()
    site.git("-c", f"user.email={BEA}", "-c", "user.name=N", "merge", "-q", "--no-ff", "--no-edit", "-")
    assert site.rules_by_git() == []
    agreed = site.contents().digest
    site.edit('"EUR"', '"USD"')
    site.approve("checkout", ANN)
    assert read_kernel_lock(site.lock)["money"].agreed == agreed


def test_the_address_is_that_which_git_knows_the_user_by(site: Checkout) -> None:
    site.git("config", "user.email", ANN)
    assert own_address(site.root) == ANN
