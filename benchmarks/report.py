"""Results as lines of JSON for programs, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.bars import Bar, aim, compare, judge
from benchmarks.measuring import Result

__all__ = ["show_bars", "show_json", "show_work"]


def show_json(results: Sequence[Result]) -> None:
    """Print one JSON object a line."""
    for result in results:
        print(msgspec.json.encode(result).decode(), flush=True)


def show_work(results: Sequence[Result], console: Console) -> None:
    """Print the table of one work."""
    table = Table(
        title=f"{results[0].work}: {results[0].unit} a second, of {results[0].rounds} rounds", title_justify="left"
    )
    table.add_column("system")
    folded = any(result.events_per_second for result in results)
    headings = ("best", "median", *(["events/s"] if folded else []), "p50 ms", "p99 ms", "x eventsourcing", "x raw")
    for heading in (*headings, "rows"):
        table.add_column(heading, justify="right")
    table.add_column("how")
    rates = {result.system: result.per_second for result in results}
    for result in results:
        database = result.system.rpartition(" ")[2]
        table.add_row(
            result.system,
            f"{result.per_second:,.0f}",
            f"{result.median_per_second:,.0f}",
            *([f"{result.events_per_second:,.0f}"] if folded else []),
            f"{result.p50_ms:.2f}",
            f"{result.p99_ms:.2f}",
            _ratio(result.per_second, rates.get(f"eventsourcing {database}")),
            _ratio(result.per_second, rates.get(f"raw {database}")),
            f"{result.rows:,}",
            result.how,
        )
    console.print(table)


def show_bars(results: Sequence[Result], console: Console) -> None:
    """Print every bar, limit and target and whether it was reached or kept, then what durability rested on."""
    if judge(results):
        _show_verdicts(results, console)
    if compare(results):
        _show_standings(results, console)
    if aim(results):
        _show_aims(results, console)
    seen = {result.system: result.durability for result in results}
    for system, settings in seen.items():
        console.print(f"{system}: " + ", ".join(f"{name} {value}" for name, value in settings.items()), soft_wrap=True)


def _show_verdicts(results: Sequence[Result], console: Console) -> None:
    table = Table(title="leftfold against its bars", title_justify="left")
    table.add_column("work")
    table.add_column("database")
    for heading in ("bar", "x peer", "x raw"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for verdict in judge(results):
        bar = verdict.bar
        table.add_row(
            bar.work,
            bar.database,
            _asked(bar),
            f"{verdict.times:.2f}" if verdict.times else "",
            f"{verdict.of_raw:.2f}" if verdict.of_raw else "",
            "[green]reached[/]" if verdict.reached else "[red]not reached[/]",
        )
    console.print(table)


def _asked(bar: Bar) -> str:
    times = "" if isinf(bar.times) else f"{bar.times:g} x {bar.peer}"
    share = f"{bar.of_raw:g} of raw" if bar.of_raw else ""
    return " or ".join(each for each in (times, share) if each)


def _show_standings(results: Sequence[Result], console: Console) -> None:
    table = Table(title="what leftfold may cost beside itself, round by round", title_justify="left")
    for heading in ("work", "beside", "database"):
        table.add_column(heading)
    for heading in ("at most", "cost"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for standing in compare(results):
        limit = standing.limit
        table.add_row(
            limit.work,
            limit.yardstick,
            limit.database,
            f"{limit.most:g} us more" if limit.added else f"{limit.most:g} x",
            f"{standing.cost:.2f}",
            "[green]kept[/]" if standing.kept else "[red]not kept[/]",
        )
    console.print(table)


def _show_aims(results: Sequence[Result], console: Console) -> None:
    table = Table(title="leftfold against its targets", title_justify="left")
    for heading in ("work", "database", "figure"):
        table.add_column(heading)
    for heading in ("target", "measured"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for one in aim(results):
        target = one.target
        table.add_row(
            target.work,
            target.database,
            target.figure,
            f"{target.bound:,g}",
            f"{one.measured:,.2f}",
            "[green]reached[/]" if one.reached else "[red]not reached[/]",
        )
    console.print(table)


def _ratio(rate: float, other: float | None) -> str:
    return f"{rate / other:.2f}" if other else ""
