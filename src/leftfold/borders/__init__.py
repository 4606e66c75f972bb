"""How borders are kept: a context map held to what its contexts do.

In: a map, source text, logs. Out: findings, agreements, refusals.
May import: errors, messages, domain, store, handling, projections, processes, integration, contexts, flow.
"""

from __future__ import annotations

from leftfold.borders.baseline import GRACE, Accepted, Baseline, accepting, against
from leftfold.borders.baseline_file import dump_baseline, load_baseline
from leftfold.borders.checking import check_map, judged
from leftfold.borders.declared import declared
from leftfold.borders.imports import imported
from leftfold.borders.kernel_approving import Approved, approve_kernel
from leftfold.borders.kernel_authors import Authors, approval_authors
from leftfold.borders.kernel_changes import KernelChange, kernel_changes
from leftfold.borders.kernel_code import Element
from leftfold.borders.kernel_contents import KernelContents, kernel_contents
from leftfold.borders.kernel_errors import ApprovalRefused, InvalidKernelFile, KernelLockBusy, UnreadableKernel
from leftfold.borders.kernel_lock import (
    Approval,
    KernelLock,
    LockedKernel,
    dump_kernel_lock,
    load_kernel_lock,
    read_kernel_lock,
)
from leftfold.borders.kernel_status import KernelReport, KernelStatus, TeamStatus, kernel_findings, kernel_report
from leftfold.borders.kernel_teams import Teams, load_teams, read_teams
from leftfold.borders.namings import namings
from leftfold.borders.observed import Observed, dump_observed, load_observed, observed_uses
from leftfold.borders.observing import Observing
from leftfold.borders.refusing import Guard, refused
from leftfold.borders.rules import LARGEST_KERNEL
from leftfold.borders.telling import findings_text, sarif_of, under
from leftfold.borders.uses import Evidence, Origin, Route, Use, UseKind, joined

__all__ = [
    "GRACE",
    "LARGEST_KERNEL",
    "Accepted",
    "Approval",
    "ApprovalRefused",
    "Approved",
    "Authors",
    "Baseline",
    "Element",
    "Evidence",
    "Guard",
    "InvalidKernelFile",
    "KernelChange",
    "KernelContents",
    "KernelLock",
    "KernelLockBusy",
    "KernelReport",
    "KernelStatus",
    "LockedKernel",
    "Observed",
    "Observing",
    "Origin",
    "Route",
    "TeamStatus",
    "Teams",
    "UnreadableKernel",
    "Use",
    "UseKind",
    "accepting",
    "against",
    "approval_authors",
    "approve_kernel",
    "check_map",
    "declared",
    "dump_baseline",
    "dump_kernel_lock",
    "dump_observed",
    "findings_text",
    "imported",
    "joined",
    "judged",
    "kernel_changes",
    "kernel_contents",
    "kernel_findings",
    "kernel_report",
    "load_baseline",
    "load_kernel_lock",
    "load_observed",
    "load_teams",
    "namings",
    "observed_uses",
    "read_kernel_lock",
    "read_teams",
    "refused",
    "sarif_of",
    "under",
]
