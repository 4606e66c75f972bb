"""`leftfold context check`: whether contexts keep to their map."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from leftfold.borders import (
    Baseline,
    Observed,
    accepting,
    against,
    approval_authors,
    check_map,
    dump_baseline,
    kernel_findings,
    load_baseline,
    load_observed,
)
from leftfold.cli.apps import map_at
from leftfold.cli.catalogs import Form, tell
from leftfold.cli.errors import UsageError
from leftfold.cli.options import KERNEL_FILES, FileName, KernelFiles
from leftfold.cli.text import counted
from leftfold.clock import SystemClock
from leftfold.contexts.context_map import ContextMap
from leftfold.contexts.findings import Finding, in_order
from leftfold.errors import ExtraMissing, InvalidBaseline, InvalidObservation

__all__ = ["check"]


def check(
    *,
    app: Annotated[
        str | None,
        Parameter(env_var="LEFTFOLD_APP", help="MODULE:OBJECT, an App with context_map=, a ContextMap, or a function."),
    ] = None,
    observed: FileName | None = None,
    baseline: FileName | None = None,
    write_baseline: Annotated[bool, Parameter(show_default=False)] = False,
    format: Form = "text",
    files: KernelFiles = KERNEL_FILES,
) -> int:
    """Hold an app to its context map.

    What its handlers take and send, what its packages import, and what its logs show is looked at, and everything that
    the map does not allow is told with the line and the declaration that it breaks; so is a shared kernel that its
    teams have not agreed on. The exit code is 1 when there are errors or warnings; notes alone leave it 0. It is 2 when
    nothing could be checked. It needs grimp: `pip install 'leftfold[check]'`.

    Args:
        observed: What logs show, from `leftfold context observe`.
        baseline: A file of findings that are accepted for a while, TOML or JSON; see --write-baseline.
        write_baseline: Write all that is found now into the file that --baseline names, to be given reasons there.
        format: For whom: text for people; JSON, one line a finding; SARIF 2.1.0, one log.
    """
    if write_baseline and baseline is None:
        raise UsageError("where is the baseline to be written? Say --baseline FILE")
    today = SystemClock().now().date()
    try:
        seen = () if observed is None else load_observed(_file(observed, "--observed"))
        known = _known(baseline, new=write_baseline)
        findings = _findings(map_at(app), seen, files)
        if write_baseline and baseline is not None:
            return _accept(baseline, accepting(findings, known, today))
    except (ExtraMissing, InvalidBaseline, InvalidObservation, OSError) as error:  # 1 says that there are findings
        raise UsageError(str(error)) from error
    return tell(against(findings, known, today), format)


def _findings(context_map: ContextMap, seen: Iterable[Observed], files: KernelFiles) -> tuple[Finding, ...]:
    kernels = kernel_findings(context_map, files.lock, files.teams, authors=approval_authors(files.lock))
    return in_order((*check_map(context_map, seen), *kernels))


def _known(baseline: Path | None, *, new: bool) -> Baseline:
    if baseline is None or (new and not baseline.exists()):
        return ()
    return load_baseline(_file(baseline, "--baseline"))


def _accept(path: Path, accepted: Baseline) -> int:
    path.write_text(dump_baseline(accepted, path), encoding="utf-8")
    empty = sum(not one.reason for one in accepted)
    print(f"{path}: {counted(len(accepted), 'finding')} accepted, {empty:,} without a reason yet")
    return 0


def _file(path: Path, option: str) -> Path:
    if not path.is_file():
        raise UsageError(f"{option} {path}: there is no such file")
    return path
