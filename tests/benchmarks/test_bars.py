"""A bar is reached by the peer's multiple, or where it names both, by the raw driver's share."""

from __future__ import annotations

from benchmarks.bars import judge
from benchmarks.measuring import Result


def result(work: str, system: str, per_second: float) -> Result:
    return Result(
        work=work,
        system=system,
        per_second=per_second,
        median_per_second=per_second,
        p50_ms=1.0,
        p99_ms=2.0,
        rows=1,
        seconds=1.0,
        unit="appends",
        rounds=1,
        how="",
        durability={},
    )


def reached(work: str, ours: float, peer: float | None, raw: float | None) -> bool:
    rates = {"leftfold postgres": ours, "eventsourcing postgres": peer, "raw postgres": raw}
    [verdict] = judge([result(work, system, rate) for system, rate in rates.items() if rate is not None])
    return verdict.reached


def test_a_bar_is_the_multiple_of_the_peer() -> None:
    assert reached("append, 1 writer", 200.0, 100.0, 10_000.0)
    assert not reached("append, 1 writer", 199.0, 100.0, 100.0)


def test_half_of_the_raw_driver_is_enough_where_the_bar_says_so() -> None:
    assert reached("append, 32 writers", 500.0, 100.0, 1_000.0)
    assert reached("append, 32 writers", 2_000.0, 100.0, 10_000.0)
    assert not reached("append, 32 writers", 499.0, 100.0, 1_000.0)


def test_a_bar_without_a_measured_rival_is_not_judged() -> None:
    assert judge([result("append, 1 writer", "leftfold postgres", 1.0)]) == []
    assert judge([result("append, 1 writer", "raw postgres", 1.0)]) == []
