"""What every test stands on: a test that cannot run here says so, is listed at the end, and fails a CI run.

Ask for the fixture `left_out` and call it with the reason: `left_out("pgbouncer is not installed")`. Outside a test,
for example while parameters are collected, call `leave_out`. The test ends there, and the run goes on.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator
from math import ceil
from pathlib import Path
from typing import Final, NoReturn

import pytest
from hypothesis import settings
from pytest import skip

__all__ = ["ROOT", "LeftOut", "leave_out"]

ROOT = Path(__file__).resolve().parent.parent
"""The repository."""

LeftOut = Callable[[str], NoReturn]
"""Ends the test with the reason why it cannot run on this machine."""

# A property that holds late holds: how busy the machine is says nothing about it.
settings.register_profile("leftfold", settings.default, deadline=None)
settings.load_profile("leftfold")

if os.environ.get("LEFTFOLD_FAULT"):
    from tests.faults.planting import plant_from_environment

    plant_from_environment()


_LONG: Final = frozenset({"benchmarks", "cli", "docs", "examples", "guarantees"})
"""Directories whose tests run programs, for seconds each."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each process that tests its share of the long ones, and have it begin with them."""
    processes: int = getattr(config, "workerinput", {}).get("workercount", 1)
    if processes > 1:
        long = [item for item in items if item.path.parent.name in _LONG]
        known = set(long)
        short = [item for item in items if item not in known]
        size = ceil(len(short) / processes)
        shares = ([*long[at::processes], *short[at * size : (at + 1) * size]] for at in range(processes))
        items[:] = [item for share in shares for item in share]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: nobody has to look through it for garbage, neither meanwhile nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def leave_out(reason: str) -> NoReturn:
    """End the test, or the module that is being collected: it cannot run here, and *reason* says what is missing."""
    skip(reason, allow_module_level=True)


@pytest.fixture(scope="session")
def left_out() -> LeftOut:
    """Leave out the test that calls it."""
    return leave_out


def _reasons(config: pytest.Config) -> dict[str, list[str]]:
    """Reason to tests, of everything that was left out in this run."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reasons: dict[str, list[str]] = {}
    if not isinstance(reporter, pytest.TerminalReporter):
        return reasons
    for report in reporter.getreports("skipped"):
        match report.longrepr:
            case (_, _, str(said)):
                reason = said.removeprefix("Skipped: ")
            case other:
                reason = str(other)
        reasons.setdefault(reason, []).append(report.nodeid)
    return reasons


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, a run that left something out has failed."""
    if os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK and _reasons(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was left out, and why."""
    reasons = _reasons(config)
    if not reasons:
        return
    in_ci = os.environ.get("CI") == "true"
    terminalreporter.section("left out" + (": with CI=true that is a failure" if in_ci else ""), red=in_ci, yellow=True)
    for reason, tests in sorted(reasons.items()):
        terminalreporter.line(f"{reason} ({len(tests)})")
        for test in tests:
            terminalreporter.line(f"  {test}")
