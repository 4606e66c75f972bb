"""A thousand contexts with 35,000 relations are judged in less than two seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from time import process_time

from leftfold.borders import Evidence, Observed, Use, joined, judged, observed_uses
from leftfold.contexts import (
    AntiCorruptionLayer,
    Conformist,
    Context,
    ContextMap,
    CustomerSupplier,
    Finding,
    Partnership,
    Relation,
    SeparateWays,
    UpstreamDownstream,
)

CONTEXTS = 1_000
EDGES = 35_000
SECONDS = 2.0
AT = datetime(2026, 3, 1, tzinfo=UTC)


def company(chance: Random) -> tuple[list[Context], list[tuple[int, int]]]:
    contexts = [
        Context(f"c{n}", team="t", package=f"acme.c{n}", published=[f"acme.c{n}.api"], mud=n % 97 == 0)
        for n in range(CONTEXTS)
    ]
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < EDGES:
        one, other = sorted(chance.sample(range(CONTEXTS), 2))
        pairs.add((one, other))
    return contexts, sorted(pairs)


def related(one: Context, other: Context, kind: int) -> Relation:
    match kind:
        case 0:
            return AntiCorruptionLayer(upstream=one, downstream=other, layer=f"{other.package}.layer")
        case 1:
            return Conformist(upstream=one, downstream=other)
        case 2:
            return Partnership(one, other)
        case 3:
            return SeparateWays(one, other)
        case 4:
            return CustomerSupplier(supplier=one, customer=other)
        case _:
            return UpstreamDownstream(upstream=one, downstream=other)


def evidence(contexts: list[Context], pairs: list[tuple[int, int]], chance: Random) -> Evidence:
    uses: list[Use] = []
    seen: list[Observed] = []
    for one, other in pairs:
        used, user = contexts[one].name, contexts[other].name
        if chance.random() < 0.01:
            used, user = user, used
        uses.append(
            Use(user=user, used=used, kind="event", subject="E", module=f"acme.{user}.main", found_at=f"{user}.py:1")
        )
        seen.append(Observed(kind="event", source=used, type="E", version=1, consumer=user, count=1, first=AT, last=AT))
    declared = Evidence(origins=frozenset({"declared"}), uses=tuple(uses))
    return joined((declared, observed_uses(seen)))


def yardstick(pairs: list[tuple[int, int]]) -> float:
    """Seconds of processor time to put all pairs in order and into a table, as any program would."""
    start = process_time()
    table: dict[tuple[str, str], list[str]] = {}
    for one, other in sorted(pairs):
        table.setdefault((f"{one}", f"{other}"), []).append(f"{one} and {other}")
    return process_time() - start


def test_a_thousand_contexts_are_judged_in_time() -> None:
    chance = Random(7)
    contexts, pairs = company(chance)
    uses = evidence(contexts, pairs, chance)
    kinds = [chance.randrange(8) for _ in pairs]
    times: list[float] = []
    findings: tuple[Finding, ...] = ()
    yardsticks: list[float] = []
    for _ in range(3):
        yardsticks.append(yardstick(pairs))
        start = process_time()
        relations = [related(contexts[a], contexts[b], kind) for (a, b), kind in zip(pairs, kinds, strict=True)]
        made = ContextMap("acme", *relations)
        findings = judged(made, uses)
        times.append(process_time() - start)
        assert (len(made.contexts), len(made.edges)) == (CONTEXTS, EDGES)
    assert {one.rule for one in findings} >= {"wrong-way", "separate-ways", "outside-layer", "mud-without-layer"}
    # The rest of the machine can only add to it; one that is slow just now takes longer for anything.
    assert min(times) < max(SECONDS, 50 * min(yardsticks)), (times, yardsticks)
