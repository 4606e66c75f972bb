"""`leftfold kernel`: whether what contexts share is as their teams have agreed, and how a team agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import Parameter

from leftfold.borders.kernel_approving import Approved, approve_kernel
from leftfold.borders.kernel_authors import Authors, approval_authors, own_address
from leftfold.borders.kernel_changes import in_words
from leftfold.borders.kernel_findings import parties
from leftfold.borders.kernel_status import KernelReport, KernelStatus, TeamStatus, kernel_report
from leftfold.cli.apps import map_at
from leftfold.cli.errors import UsageError
from leftfold.cli.options import KERNEL_FILES, NOTHING_GIVEN, KernelFiles, Source
from leftfold.cli.output import console, write_json
from leftfold.cli.text import printable
from leftfold.clock import SystemClock
from leftfold.contexts import ContextMap, Finding, SharedKernel, place_under

__all__ = ["Who", "kernel"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Who:
    """Who approves, and who has committed that."""

    team: Annotated[str | None, Parameter(help="With approve, for which team.")] = None
    by: Annotated[str | None, Parameter(help="With approve, who does; git's user.email when left out.")] = None
    author: Annotated[
        tuple[str, ...],
        Parameter(
            help="With status, who committed a team's approvals, as TEAM=ADDRESS; git is asked when left out.",
            show_default=False,
        ),
    ] = ()


_NOBODY: Final = Who()


def kernel(
    action: Literal["status", "approve"],
    name: str | None = None,
    /,
    *,
    files: KernelFiles = KERNEL_FILES,
    who: Who = _NOBODY,
    source: Source = NOTHING_GIVEN,
) -> int:
    """Tell whether what contexts share is as their teams have agreed, or agree for a team.

    `status [NAME]` tells of each shared kernel what has changed and whose approval is missing; the exit code is 1 when
    one is not agreed on. `approve NAME --team TEAM` writes to the lock that the team can live with the kernel as it is
    now, and tells what has changed since the team's last approval; commit the lock.

    Args:
        action: What to do.
        name: Of the kernel.
    """
    shared = map_at(source.app)
    chosen = _chosen(shared, name)
    if action == "status":
        return _status(shared, name, files, who, json=source.json)
    if len(chosen) != 1 or name is None or who.team is None or who.author:
        raise UsageError("write leftfold kernel approve NAME --team TEAM, and --by ADDRESS if need be")
    return _approve(chosen[0], files, who.team, who.by, json=source.json)


def _chosen(context_map: ContextMap, name: str | None) -> Sequence[SharedKernel]:
    found = [kernel for kernel in context_map.kernels if name in {None, kernel.kernel}]
    if name is not None and not found:
        names = ", ".join(kernel.kernel for kernel in context_map.kernels)
        raise UsageError(f"there is no kernel {name!r} on the map; its kernels: {names or 'none'}")
    return found


def _status(context_map: ContextMap, name: str | None, files: KernelFiles, who: Who, *, json: bool) -> int:
    if who.team is not None or who.by is not None:
        raise UsageError("--team and --by are for approve")
    authors = _given(context_map, who.author) if who.author else approval_authors(files.lock)
    report = kernel_report(context_map, files.lock, files.teams, authors=authors)
    kernels = tuple(kernel for kernel in report.kernels if name in {None, kernel.kernel})
    report = KernelReport(kernels=kernels, findings=report.findings)
    if json:
        write_json({"agreed": report.agreed, "kernels": report.kernels, "findings": report.findings})
    else:
        _print_report(report)
    return 0 if report.agreed else 1


def _given(context_map: ContextMap, authors: Sequence[str]) -> Authors:
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    for author in authors:
        team, equals, address = author.partition("=")
        sharing = [kernel for kernel in context_map.kernels if team in parties(kernel)]
        if not equals or not address or not sharing:
            raise UsageError(f"--author {author!r}: write TEAM=ADDRESS, with a team that shares a kernel")
        known |= {(kernel.kernel, team): (address,) for kernel in sharing}
    return Authors(known, "--author names nobody for it")


def _approve(kernel: SharedKernel, files: KernelFiles, team: str, by: str | None, *, json: bool) -> int:
    address = own_address(Path.cwd()) if by is None else by
    if not address.strip():
        raise UsageError("who approves? Give --by ADDRESS, or tell git: git config user.email ADDRESS")
    approved = approve_kernel(kernel, files.lock, files.teams, team=team, by=address, at=SystemClock().now())
    if json:
        write_json(approved)
    else:
        _print_approved(kernel.kernel, files, approved)
    return 0


def _print_approved(name: str, files: KernelFiles, approved: Approved) -> None:
    changes = [str(change) for change in approved.changes]
    if approved.first:
        changes = ["this is the team's first approval"]
    lines = [
        f"kernel {name} is approved for team {approved.approval.team} by {approved.approval.by}",
        *(f"  {line}" for line in changes or ["nothing has changed since the team's last approval"]),
        f"not yet: {', '.join(approved.waiting)}" if approved.waiting else "all teams have approved it",
        f"commit {files.lock}",
    ]
    _print(lines)


def _print_report(report: KernelReport) -> None:
    here = str(Path.cwd())
    lines = [line for kernel in report.kernels for line in _lines(kernel, here)]
    lines += [_line(finding, here) for finding in report.findings]
    if not report.kernels and not report.findings:
        lines = ["there is no shared kernel on the map"]
    _print(lines)


def _lines(kernel: KernelStatus, here: str) -> list[str]:
    return [
        f"kernel {kernel.kernel} ({kernel.package}) is {'agreed' if kernel.agreed else 'not agreed'}",
        *(f"  {change} since all agreed" for change in kernel.changes),
        *(f"  team {team.team}: {_said(team)}" for team in kernel.teams),
        *(f"  {_line(finding, here)}" for finding in kernel.findings),
    ]


def _said(team: TeamStatus) -> str:
    if team.approval is None:
        return "has not approved it"
    when = f"{team.approval.at:%Y-%m-%d} by {team.approval.by}"
    if team.state == "approved":
        return f"approved on {when}"
    return f"approved another state on {when}: {in_words(team.changes) or 'which is not kept'}"


def _line(finding: Finding, here: str) -> str:
    place = place_under(finding.found_at or finding.declared_at, here)
    return f"{finding.severity}: {finding.rule}: {finding.message} [{place}]"


def _print(lines: Sequence[str]) -> None:
    out = console()
    for line in lines:
        out.print(printable(line), style=_style(line))


def _style(line: str) -> str:
    styles: Mapping[str, str] = {"error:": "red", "warning:": "yellow", "note:": "dim"}
    return styles.get(line.split(maxsplit=1)[0], "")
