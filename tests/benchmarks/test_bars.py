"""A bar is reached by the peer's multiple, or where it names both, the raw driver's share; a limit compares works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.bars import LIMITS, TARGETS, aim, compare, judge
from benchmarks.measuring import Result
from benchmarks.works import FOLLOW_WORKS, SAGA_WORKS, TIME_WORKS


def result(
    work: str, system: str, per_second: float, fastest_us: float = 1.0, rounds_us: Sequence[float] = (1.0,)
) -> Result:
    return Result(
        work=work,
        system=system,
        per_second=per_second,
        median_per_second=per_second,
        p50_ms=1.0,
        p99_ms=2.0,
        fastest_us=fastest_us,
        rounds_us=rounds_us,
        paces_us=rounds_us,
        computing_us=rounds_us,
        rows=1,
        seconds=1.0,
        unit="appends",
        events_per_second=0.0,
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


def test_sagas_are_compared_round_by_round_whatever_their_best_rounds_were() -> None:
    work = "three-step saga"
    rows = {"leftfold sqlite": [4.0, 40.0, 90.0], "raw sqlite": [3.0, 30.0, 30.0], "dbos sqlite": [40.0, 400.0, 90.0]}
    [verdict] = judge([result(work, system, 1.0, rounds_us=rounds) for system, rounds in rows.items()])
    assert verdict.times is not None
    assert verdict.of_raw is not None
    assert (round(verdict.times, 6), round(verdict.of_raw, 6), verdict.reached) == (10.0, 0.75, True)
    slow = {**rows, "raw sqlite": [2.0, 20.0, 90.0]}
    assert not judge([result(work, system, 1.0, rounds_us=rounds) for system, rounds in slow.items()])[0].reached


def test_a_bar_without_a_measured_rival_is_not_judged() -> None:
    assert judge([result("append, 1 writer", "leftfold postgres", 1.0)]) == []
    assert judge([result("append, 1 writer", "raw postgres", 1.0)]) == []


def cost(work: str, us: Sequence[float], yardstick: str, beside_us: Sequence[float]) -> tuple[float, bool]:
    rows = {work: us, yardstick: beside_us}
    [standing] = compare([result(name, "leftfold sqlite", 1.0, rounds_us=each) for name, each in rows.items()])
    return round(standing.cost, 6), standing.kept


def test_a_limit_is_a_multiple_of_what_the_yardstick_costs() -> None:
    works = "load 10,000-event aggregate, snapshot at its last version", "load 10-event aggregate"
    assert cost(works[0], [300.0], works[1], [100.0]) == (3.0, True)
    assert cost(works[0], [310.0], works[1], [100.0]) == (3.1, False)


def test_or_what_a_unit_costs_more_in_microseconds() -> None:
    works = "load 1,000 events through 3 upcasts", "load 1,000 events of today"
    assert cost(works[0], [5.0], works[1], [2.5]) == (2.5, True)
    assert cost(works[0], [5.0], works[1], [1.0]) == (4.0, False)


def test_rounds_are_compared_in_pairs_and_what_slows_a_pair_or_spoils_a_round_does_not_count() -> None:
    works = "load 1,000 events through 3 upcasts", "load 1,000 events of today"
    assert cost(works[0], [4.0, 8.0, 12.0], works[1], [2.0, 4.0, 6.0]) == (2.0, True)
    assert cost(works[0], [4.0, 4.0, 90.0], works[1], [2.0, 2.0, 2.0]) == (2.0, True)
    assert cost(works[0], [4.0, 4.0, 4.0], works[1], [2.0, 2.0, 90.0]) == (2.0, True)
    assert cost(works[0], [6.0, 6.0, 2.0], works[1], [2.0, 2.0, 2.0]) == (4.0, False)


def test_microseconds_are_of_computing_whatever_interrupted_it() -> None:
    works = "load 1,000 events through 3 upcasts", "load 1,000 events of today"
    ours, beside = (
        result(work, "leftfold sqlite", 1.0, rounds_us=[us]) for work, us in zip(works, (9.0, 2.0), strict=True)
    )
    [standing] = compare([replace(ours, computing_us=[4.0]), beside])
    assert (standing.cost, standing.kept) == (2.0, True)


def test_a_limit_needs_both_rows_of_one_database() -> None:
    work, yardstick = LIMITS[0].work, LIMITS[0].yardstick
    assert compare([result(work, "leftfold sqlite", 1.0)]) == []
    assert compare([result(work, "leftfold sqlite", 1.0), result(yardstick, "leftfold postgres", 1.0)]) == []
    assert compare([result(work, "eventsourcing sqlite", 1.0), result(yardstick, "eventsourcing sqlite", 1.0)]) == []


def test_the_works_of_a_limit_are_measured_in_turn() -> None:
    groups = [{work.name for work in group} for group in (*TIME_WORKS, *FOLLOW_WORKS)]
    for limit in LIMITS:
        assert any({limit.work, limit.yardstick} <= group for group in groups)


def hit(work: str, per_second: float, fastest_us: float) -> bool:
    [one] = aim([result(work, "leftfold sqlite", per_second, fastest_us)])
    return one.reached


def test_a_target_is_a_rate_that_is_high_enough_or_a_time_that_is_low_enough() -> None:
    assert hit("catch up, one row per event", 30_000.0, 1.0)
    assert not hit("catch up, one row per event", 29_999.0, 1.0)
    assert hit("cached read", 1.0, 5.0)
    assert not hit("cached read", 1.0, 5.1)
    assert aim([result("cached read", "raw sqlite", 1.0)]) == []


def test_every_target_is_of_a_work_that_is_measured() -> None:
    measured = {work.name for group in (*FOLLOW_WORKS, *SAGA_WORKS) for work in group}
    assert {target.work for target in TARGETS} <= measured
