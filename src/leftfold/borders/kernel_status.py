"""Whether what contexts share is as their teams have agreed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from leftfold.borders.kernel_authors import NOBODY_ASKED, Authors
from leftfold.borders.kernel_changes import KernelChange
from leftfold.borders.kernel_contents import kernel_contents
from leftfold.borders.kernel_errors import InvalidKernelFile, UnreadableKernel
from leftfold.borders.kernel_findings import Agreement, parties
from leftfold.borders.kernel_lock import Approval, KernelLock, load_kernel_lock, lock_places
from leftfold.borders.kernel_teams import Teams, read_teams
from leftfold.contexts.context_map import ContextMap
from leftfold.contexts.findings import Finding, in_order
from leftfold.contexts.relations import SharedKernel

__all__ = ["KernelReport", "KernelStatus", "TeamStatus", "kernel_findings", "kernel_report"]

_State: TypeAlias = Literal["approved", "outdated", "missing"]


class TeamStatus(Struct, frozen=True, kw_only=True):
    """What a team says of a kernel.

    Args:
        team: its name.
        contexts: for which contexts, by name.
        state: whether it has approved the kernel as it is, another state of it, or none.
        approval: its latest; None when there is none.
        changes: what is different from what it has approved.
    """

    team: str
    contexts: tuple[str, ...]
    state: _State
    approval: Approval | None
    changes: tuple[KernelChange, ...]


class KernelStatus(Struct, frozen=True, kw_only=True):
    """Where the agreement on a kernel stands.

    Args:
        kernel: its name.
        package: what is shared, dotted.
        digest: of what it is now.
        agreed: nothing is wrong but for notes.
        changes: what is different from the last state that all teams have approved; empty when there is none.
        teams: what each says.
        findings: what is wrong.
    """

    kernel: str
    package: str
    digest: str
    agreed: bool
    changes: tuple[KernelChange, ...]
    teams: tuple[TeamStatus, ...]
    findings: tuple[Finding, ...]


class KernelReport(Struct, frozen=True, kw_only=True):
    """Where the agreements on all kernels of a map stand.

    Args:
        kernels: each that can be judged, by name.
        findings: what is wrong with files, and with kernels that cannot be read.
    """

    kernels: tuple[KernelStatus, ...]
    findings: tuple[Finding, ...]

    @property
    def agreed(self) -> bool:
        """Nothing is wrong but for notes."""
        return _sound(self.findings) and all(kernel.agreed for kernel in self.kernels)


def kernel_findings(
    context_map: ContextMap, lock: Path, teams: Path, *, authors: Authors = NOBODY_ASKED
) -> tuple[Finding, ...]:
    """Everything that is wrong with the agreements on the kernels of a map; empty when it has none.

    Args:
        context_map: what is declared.
        lock: the file that `leftfold kernel approve` writes; it need not be there.
        teams: the file that says who is in which team.
        authors: who committed the approvals, see `approval_authors`; not checked when left out.

    Returns:
        Errors first. Rules: `kernel-unreadable`, `kernel-invalid-file`, `kernel-no-teams`, `kernel-without-team`,
        `kernel-unknown-team`, `kernel-not-locked`, `kernel-changed`, `kernel-not-approved`,
        `kernel-approval-outdated`, `kernel-approver-not-in-team`, `kernel-approver-unknown`,
        `kernel-author-not-approver`, `kernel-author-not-in-team`, and the notes `kernel-author-unknown`, a warning
        where the checkout has no history, `kernel-team-left` and `kernel-not-on-map`.
    """
    report = kernel_report(context_map, lock, teams, authors=authors)
    return in_order((*report.findings, *(one for kernel in report.kernels for one in kernel.findings)))


def kernel_report(context_map: ContextMap, lock: Path, teams: Path, *, authors: Authors = NOBODY_ASKED) -> KernelReport:
    """The same kernel by kernel; see `kernel_findings`."""
    if not context_map.kernels:
        return KernelReport(kernels=(), findings=())
    reading = _Reading(context_map, lock, teams, authors)
    kernels = tuple(status for kernel in context_map.kernels if (status := reading.status(kernel)) is not None)
    return KernelReport(kernels=kernels, findings=in_order(reading.findings))


class _Reading:
    """What the files say; what is wrong with them is collected in `findings`."""

    def __init__(self, context_map: ContextMap, lock: Path, teams: Path, authors: Authors) -> None:
        self.findings: list[Finding] = []
        self._kernels = context_map.kernels
        self._lock, self._teams, self._authors = lock, teams, authors
        self._members = self._read_teams()
        self._locked, self._places = self._read_lock()
        for name in sorted((self._locked or {}).keys() - {kernel.kernel for kernel in self._kernels}):
            message = f"kernel {name!r} is locked, and not on the map; delete it from {lock}"
            place = f"{lock}:{self._places[name, '']}"
            self._found("kernel-not-on-map", message, self._kernels, at=place, subject=name, note=True)

    def status(self, kernel: SharedKernel) -> KernelStatus | None:
        """Where the agreement on *kernel* stands; None when it or the lock cannot be read."""
        try:
            contents = kernel_contents(kernel.package)
        except UnreadableKernel as error:
            self._found("kernel-unreadable", f"kernel {kernel.kernel!r}: {error}", (kernel,), at=error.place)
            return None
        if self._locked is None:
            return None
        agreement = Agreement(
            kernel=kernel,
            contents=contents,
            locked=self._locked.get(kernel.kernel),
            lock=str(self._lock),
            places=self._places,
            members=self._members,
            teams=str(self._teams),
            authors=self._authors,
        )
        findings = in_order(agreement.findings())
        return KernelStatus(
            kernel=kernel.kernel,
            package=kernel.package,
            digest=contents.digest,
            agreed=_sound(findings),
            changes=agreement.changes,
            teams=tuple(_team_status(agreement, team, contexts) for team, contexts in parties(kernel).items()),
            findings=findings,
        )

    def _read_teams(self) -> Teams | None:
        try:
            members = read_teams(self._teams)
        except InvalidKernelFile as error:
            self._invalid(error)
            return None
        if members is None:
            message = f"there is no {self._teams}, so nobody may approve; write [teams.NAME] with members = [...] in it"
            self._found("kernel-no-teams", message, self._kernels)
        return members

    def _read_lock(self) -> tuple[KernelLock | None, Mapping[tuple[str, str], int]]:
        try:
            text = self._lock.read_text(encoding="utf-8")
            return load_kernel_lock(text, str(self._lock)), lock_places(text)
        except FileNotFoundError:
            return {}, {}
        except UnicodeDecodeError:
            self._invalid(InvalidKernelFile(str(self._lock), 1, "it is not UTF-8; take the committed file back"))
        except InvalidKernelFile as error:
            self._invalid(error)
        return None, {}

    def _invalid(self, error: InvalidKernelFile) -> None:
        self._found("kernel-invalid-file", str(error), self._kernels, at=f"{error.path}:{error.line}")

    def _found(
        self,
        rule: str,
        message: str,
        kernels: tuple[SharedKernel, ...],
        *,
        at: str = "",
        subject: str = "",
        note: bool = False,
    ) -> None:
        self.findings.append(
            Finding(
                rule=rule,
                contexts=tuple(sorted({context.name for kernel in kernels for context in kernel.contexts})),
                message=message,
                declared_at=kernels[0].place,
                found_at=at,
                subject=subject or ", ".join(kernel.kernel for kernel in kernels),
                severity="note" if note else "error",
            )
        )


def _team_status(agreement: Agreement, team: str, contexts: tuple[str, ...]) -> TeamStatus:
    approval = agreement.approval(team)
    state: _State = "missing"
    if approval is not None:
        state = "approved" if approval.digest == agreement.contents.digest else "outdated"
    changes = () if approval is None else agreement.changes_since(approval)
    return TeamStatus(team=team, contexts=contexts, state=state, approval=approval, changes=changes)


def _sound(findings: tuple[Finding, ...]) -> bool:
    return all(finding.severity == "note" for finding in findings)
