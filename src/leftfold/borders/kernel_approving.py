"""How a team approves a shared kernel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from leftfold.borders.kernel_changes import KernelChange, kernel_changes
from leftfold.borders.kernel_contents import KernelContents, kernel_contents
from leftfold.borders.kernel_errors import ApprovalRefused
from leftfold.borders.kernel_file import rewrite
from leftfold.borders.kernel_findings import parties
from leftfold.borders.kernel_lock import Approval, LockedKernel, dump_kernel_lock, read_kernel_lock
from leftfold.borders.kernel_teams import read_teams, same_person
from leftfold.contexts.relations import SharedKernel

__all__ = ["Approved", "approve_kernel", "with_approval"]


class Approved(Struct, frozen=True, kw_only=True):
    """What an approval has changed.

    Args:
        approval: what was written.
        changes: what is different from what the team had approved before; empty when that was nothing.
        first: the team had approved nothing before.
        waiting: the teams that have not approved this state, sorted; empty when all have, and it is agreed.
    """

    approval: Approval
    changes: tuple[KernelChange, ...]
    first: bool
    waiting: tuple[str, ...]


def approve_kernel(kernel: SharedKernel, lock: Path, teams: Path, *, team: str, by: str, at: datetime) -> Approved:
    """Write that *team* approves the kernel as it is now.

    Of each team the latest approval is kept, and git keeps the others; those of teams that share it no longer go. Two
    that approve at the same time are written one after the other, and none is lost; see `leftfold.borders.kernel_file`.

    Args:
        kernel: what is approved.
        lock: the file to write; made when it is missing.
        teams: the file that says who is in which team.
        team: for whom.
        by: who approves: an address of a member.
        at: the time, with a zone.

    Raises:
        ApprovalRefused: the team does not share the kernel, or *by* is not in it.
        UnreadableKernel: the package cannot be read; mend it.
        InvalidKernelFile: one of the files cannot be read; mend it.
        KernelLockBusy: somebody else did not end writing.
    """
    _check(kernel, teams, team, by)
    contents, sharing = kernel_contents(kernel.package), parties(kernel)
    approval = Approval(team=team, by=by.strip(), at=at, digest=contents.digest)
    found: list[tuple[LockedKernel | None, LockedKernel]] = []

    def change() -> str:
        locked = read_kernel_lock(lock)
        before = locked.get(kernel.kernel)
        after = with_approval(before, contents, approval, sharing)
        found[:] = [(before, after)]
        return dump_kernel_lock({**locked, kernel.kernel: after})

    rewrite(lock, change)
    ((before, after),) = found
    last = before.by_team.get(team) if before else None
    seen = before.states.get(last.digest) if before and last else None
    given = after.by_team
    return Approved(
        approval=approval,
        changes=() if seen is None else kernel_changes(seen, contents.state),
        first=last is None,
        waiting=tuple(one for one in sharing if one not in given or given[one].digest != after.digest),
    )


def _check(kernel: SharedKernel, teams: Path, team: str, by: str) -> None:
    def refuse(reason: str) -> ApprovalRefused:
        return ApprovalRefused(kernel.kernel, team, by, reason)

    sharing = parties(kernel)
    if team not in sharing:
        raise refuse(f"the teams that share it are {', '.join(sharing) or 'none, as its contexts name none'}")
    members = read_teams(teams)
    if members is None:
        raise refuse(f"there is no {teams}; write [teams.NAME] with members = [...] in it")
    if team not in members:
        raise refuse(f"the team is not in {teams}; write its members there")
    if not any(same_person(by, member) for member in members[team]):
        raise refuse(f"only its members may, and they are in {teams}: {', '.join(sorted(members[team])) or 'nobody'}")


def with_approval(
    before: LockedKernel | None, contents: KernelContents, approval: Approval, sharing: Iterable[str]
) -> LockedKernel:
    """What is locked once *approval* is among what was there.

    Args:
        before: what is locked; None when nothing is.
        contents: what the kernel is now.
        approval: of that.
        sharing: the teams that have to agree.
    """
    had = before or LockedKernel(digest="", agreed="", changes=(), approvals=(), states={})
    given = {**had.by_team, approval.team: approval}
    approvals = tuple(given[team] for team in sorted(set(sharing) & given.keys()))
    agreed, changes = had.agreed, had.changes
    if had.digest != contents.digest:
        agreed = had.digest if before and had.approved_by(sharing) else had.agreed
        changes = tuple(map(str, kernel_changes(had.states[agreed], contents.state))) if agreed else ()
    after = LockedKernel(contents.digest, agreed, changes, approvals, {**had.states, contents.digest: contents.state})
    if after.approved_by(sharing):
        agreed = contents.digest
    kept = {contents.digest, agreed, *(one.digest for one in approvals)}
    states = {digest: state for digest, state in after.states.items() if digest in kept}
    return LockedKernel(contents.digest, agreed, changes, approvals, states)
