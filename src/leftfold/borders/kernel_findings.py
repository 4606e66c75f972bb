"""What is wrong with the agreement on one shared kernel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from leftfold.borders.kernel_authors import Authors
from leftfold.borders.kernel_changes import KernelChange, in_words, kernel_changes
from leftfold.borders.kernel_contents import KernelContents
from leftfold.borders.kernel_lock import Approval, LockedKernel
from leftfold.borders.kernel_teams import Teams, same_person
from leftfold.contexts.findings import Finding, Severity
from leftfold.contexts.relations import SharedKernel

__all__ = ["Agreement", "parties"]


def parties(kernel: SharedKernel) -> Mapping[str, tuple[str, ...]]:
    """The teams that have to agree, each with its contexts, sorted. A context that names no team has none."""
    teams = sorted({context.team for context in kernel.contexts if context.team})
    return {team: tuple(sorted(one.name for one in kernel.contexts if one.team == team)) for team in teams}


class Agreement(Struct, frozen=True, kw_only=True):
    """A kernel as it is, what is locked of it, and who may say what.

    Args:
        kernel: its declaration.
        contents: what it consists of.
        locked: what the lock says of it; None when it says nothing.
        lock: path of the lock.
        places: lines in the lock, as `lock_places` gives them.
        members: who is in which team; None when that is not known, and somebody else says so.
        teams: path of the file of teams.
        authors: who committed the approvals.
    """

    kernel: SharedKernel
    contents: KernelContents
    locked: LockedKernel | None
    lock: str
    places: Mapping[tuple[str, str], int]
    members: Teams | None
    teams: str
    authors: Authors

    @property
    def changes(self) -> tuple[KernelChange, ...]:
        """What is different from the last state that all have approved; empty when there is none."""
        state = None if self.locked is None else self.locked.agreed_state(parties(self.kernel))
        return () if state is None else kernel_changes(state, self.contents.state)

    def changes_since(self, approval: Approval) -> tuple[KernelChange, ...]:
        """What is different from the state that *approval* is for; empty when that is not kept."""
        state = None if self.locked is None else self.locked.states.get(approval.digest)
        return () if state is None else kernel_changes(state, self.contents.state)

    def approval(self, team: str) -> Approval | None:
        """The latest one of *team*, for whatever state."""
        return None if self.locked is None else self.locked.by_team.get(team)

    def findings(self) -> Iterator[Finding]:
        """Everything that is not as it should be."""
        for context in self.kernel.contexts:
            if not context.team:
                message = f"context {context.name} has no team, so nobody can agree for it; give its Context team="
                yield self._finding("kernel-without-team", message, [context.name], context.name, at=context.place)
        if self.members is not None:
            yield from self._unknown_teams(self.members)
        if self.locked is None:
            message = f"nobody has approved it yet, in {self.lock}; {self._advice('TEAM')}, for each team"
            yield self._finding("kernel-not-locked", message)
            return
        if self.contents.digest != self.locked.digest:
            yield self._changed(self.locked)
        for team, contexts in parties(self.kernel).items():
            yield from self._of_team(team, contexts)
        for approval in self.locked.approvals:
            if approval.team not in parties(self.kernel):
                message = f"team {approval.team!r} shares it no longer; its approval goes when somebody approves next"
                yield self._finding("kernel-team-left", message, team=approval.team, severity="note")

    def _unknown_teams(self, members: Teams) -> Iterator[Finding]:
        for team, contexts in parties(self.kernel).items():
            if team not in members:
                message = f"team {team!r} is not in {self.teams}, so nobody may approve for it; write its members there"
                yield self._finding("kernel-unknown-team", message, contexts, team, at=f"{self.teams}:1")

    def _changed(self, locked: LockedKernel) -> Finding:
        changes = kernel_changes(locked.states[locked.digest], self.contents.state)
        there = [self.contents.elements[one.element].place for one in changes if one.kind != "removed"]
        message = f"it is not as it was approved: {in_words(changes)}. Put that back, or {self._advice('TEAM')}"
        return self._finding("kernel-changed", f"{message}, for each team", at=there[0] if there else self._place())

    def _of_team(self, team: str, contexts: Iterable[str]) -> Iterator[Finding]:
        approval = self.approval(team)
        if approval is None:
            message = f"team {team!r} has not approved it; {self._advice(team)}"
            yield self._finding("kernel-not-approved", message, contexts, team)
        elif approval.digest != self.contents.digest:
            changes = self.changes_since(approval)
            what = f"since then: {in_words(changes)}" if changes else "it was another one then"
            message = f"team {team!r} approved it on {approval.at:%Y-%m-%d}; {what}. To agree, {self._advice(team)}"
            yield self._finding("kernel-approval-outdated", message, contexts, team, at=self._place(team))
        else:
            if self.members is not None and team in self.members:
                yield from self._approver(approval, contexts, self.members)
            yield from self._author(approval, contexts)

    def _approver(self, approval: Approval, contexts: Iterable[str], members: Teams) -> Iterator[Finding]:
        team, by, place = approval.team, approval.by, self._place(approval.team)
        if _member(by, members[team]):
            return
        elsewhere = sorted(name for name, addresses in members.items() if _member(by, addresses))
        if elsewhere:
            message = f"{by} approved for team {team!r}, and is in {', '.join(elsewhere)}; one of its members has to"
            yield self._finding("kernel-approver-not-in-team", message, contexts, team, at=place)
        else:
            message = f"{by} approved for team {team!r}, and is in no team of {self.teams}; one of its members has to"
            yield self._finding("kernel-approver-unknown", message, contexts, team, at=place)

    def _author(self, approval: Approval, contexts: Iterable[str]) -> Iterator[Finding]:
        team, by, place = approval.team, approval.by, self._place(approval.team)
        known = self.authors.known.get((self.kernel.kernel, team))
        if known is None:
            if self.authors.unknown:
                message = f"who committed the approval of team {team!r} is not checked: {self.authors.unknown}"
                severity = self.authors.severity
                yield self._finding("kernel-author-unknown", message, contexts, team, at=place, severity=severity)
        elif not same_person(known[0], by):
            message = f"{by} approved for team {team!r}, says a commit of {known[0]}; whoever approves commits it"
            yield self._finding("kernel-author-not-approver", message, contexts, team, at=place)
        elif self.members is not None and team in self.members:
            strangers = sorted(author for author in set(known) if not _member(author, self.members[team]))
            if strangers:
                who = f"{', '.join(strangers)} committed the approval of team {team!r}, and only its members may"
                message = f"{who}; delete {self.lock}, commit that, and have each team approve and commit again"
                yield self._finding("kernel-author-not-in-team", message, contexts, team, at=place)

    def _advice(self, team: str) -> str:
        return f"look at it and run: leftfold kernel approve {self.kernel.kernel} --team {team}"

    def _place(self, team: str = "") -> str:
        return f"{self.lock}:{self.places.get((self.kernel.kernel, team), 1)}"

    def _finding(
        self,
        rule: str,
        message: str,
        contexts: Iterable[str] = (),
        team: str = "",
        *,
        at: str = "",
        severity: Severity = "error",
    ) -> Finding:
        name = self.kernel.kernel
        return Finding(
            rule=rule,
            contexts=tuple(sorted(contexts)) or tuple(sorted(context.name for context in self.kernel.contexts)),
            message=f"kernel {name!r}: {message}",
            declared_at=self.kernel.place,
            found_at=at,
            subject=f"{name}, {team}" if team else name,
            severity=severity,
        )


def _member(address: str, members: Iterable[str]) -> bool:
    return any(same_person(address, member) for member in members)
