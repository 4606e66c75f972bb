"""What each relation enforces, cell by cell: in code, in schemas, at run time, and by approval.

In each cell something is planted, and its rule is found; and something like it is as it should be, and nothing is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from inspect import isawaitable
from typing import Final, Literal, NamedTuple, TypeAlias

import pytest
from msgspec.structs import replace

from leftfold.borders import LARGEST_KERNEL, Evidence, Route, Use, UseKind, judged
from leftfold.borders.uses import KERNEL
from leftfold.contexts import (
    AntiCorruptionLayer,
    Conformist,
    Context,
    CustomerSupplier,
    OpenHostService,
    Partnership,
    Relation,
    SeparateWays,
    SharedKernel,
    UpstreamDownstream,
)
from leftfold.integration import PublishedLanguage
from leftfold.schemas import Compatibility
from tests.borders.acme import billing, context, found, map_of, ordering, rules, shipping, taken
from tests.borders.enforcing import (
    Deed,
    Relate,
    accepted,
    agreed,
    approved,
    conforming,
    heard,
    outside,
    parked,
    running,
    sold,
    spoken,
)
from tests.borders.kernel_site import ANN, BEA, Site
from tests.cli import languages
from tests.integration.sales import FewerV3, PlacedV1, PlacedV2, PlacedV3, ReadsNote

Column: TypeAlias = Literal["code", "schema", "run time", "approval"]
Found: TypeAlias = Callable[[], Sequence[str] | Awaitable[Sequence[str]]]


class Case(NamedTuple):
    relation: str
    column: Column
    rule: str
    planted: Found
    clean: Found


TABLE: Final[Mapping[str, set[Column]]] = {
    "none": {"code", "run time"},
    "UpstreamDownstream": {"code", "schema", "run time"},
    "CustomerSupplier": {"code", "schema", "run time", "approval"},
    "OpenHostService": {"code", "schema", "run time", "approval"},
    "AntiCorruptionLayer": {"code", "run time"},
    "Conformist": {"code", "schema"},
    "Partnership": {"code", "schema", "approval"},
    "SharedKernel": {"code", "schema", "approval"},
    "SeparateWays": {"code", "run time"},
    "mud": {"code"},
}
"""The cells in which something is enforced."""

upstream = UpstreamDownstream(upstream=ordering, downstream=billing)
customer = CustomerSupplier(supplier=ordering, customer=billing)
host = OpenHostService(host=ordering, consumers=[billing])
layer = AntiCorruptionLayer(upstream=ordering, downstream=billing, layer="acme.billing.orders")
conformist = Conformist(upstream=ordering, downstream=billing)
partners = Partnership(ordering, billing)
kernel = SharedKernel("money", package="acme.money", between=[ordering, billing])
apart = SeparateWays(ordering, billing)
mud = context("legacy", "api", mud=True)
beside_mud = UpstreamDownstream(upstream=mud, downstream=billing)
against_mud = AntiCorruptionLayer(upstream=mud, downstream=billing, layer="acme.billing.legacy")

HERE: Final = f"{__name__.rpartition('.')[0]}.enforcing"
KINDS: Final[Sequence[UseKind]] = ("import", "types", "event", "command")
TAKEN: Final = [taken("billing", "ordering", kind=kind) for kind in KINDS]
MESSAGES: Final = TAKEN[2:]
SPOKEN: Final = taken("billing", "ordering", kind="signature")
FOLLOWS, FOLLOWED = taken("billing", "ordering"), taken("ordering", "billing")
INNER: Final = "acme.ordering.order"
INSIDE: Final = taken("billing", "ordering", INNER)
HANDED: Final = taken("billing", "ordering", f"{INNER}.Order", of=INNER, through=("acme.ordering.api",))
TRANSLATED: Final = Evidence(uses=(MESSAGES[0],), translations=(MESSAGES[0],))
ROUND: Final = (
    UpstreamDownstream(upstream=shipping, downstream=ordering),
    UpstreamDownstream(upstream=billing, downstream=shipping),
)
CIRCLE: Final = (taken("ordering", "shipping"), taken("shipping", "billing"), FOLLOWS)
MONEY: Final = f"{KERNEL}money"
SHARED: Final = tuple(taken(one, MONEY, "acme.money.amount") for one in ("ordering", "billing"))
OUTSIDER: Final = taken("shipping", MONEY, "acme.money.amount")
KNOWING: Final = taken(MONEY, "ordering", module="acme.money.rates")
DEEDS: Final[Sequence[tuple[Deed, str]]] = [
    ("takes an event", "no-relation"),
    ("sends a command", "no-relation"),
    ("sends what it does not say", "NotRelated"),
]
HALF: Final = [mode for mode in Compatibility if not (mode.is_backward and mode.is_forward)]


def code(relations: Sequence[Relation], *uses: Use) -> Found:
    """What is found of *uses* on a map."""
    return lambda: rules(found(map_of(*relations, alone=(ordering, billing, shipping)), *uses))


def known(relation: Relation, evidence: Evidence) -> Found:
    """The same of evidence that is no use alone."""
    return lambda: [one.rule for one in judged(map_of(relation), evidence) if one.rule != "no-evidence"]


def behind(layer: str) -> Relate:
    return lambda one, other: AntiCorruptionLayer(upstream=one, downstream=other, layer=layer)


def follows(one: Context, other: Context) -> Relation:
    return UpstreamDownstream(upstream=one, downstream=other)


def measured(lines: int) -> Evidence:
    return Evidence(origins=frozenset({"static"}), uses=SHARED, kernel_lines={"money": lines})


def led(kind: Literal["imports", "messages"]) -> Evidence:
    path = ("acme.ordering.main", "acme.shipping.api", "acme.billing.api")
    return Evidence(routes=(Route(user="ordering", used="billing", kind=kind, path=path),))


def speaking(mode: Compatibility) -> Found:
    teller = Context("teller", team="T", package="acme.teller", language=PublishedLanguage("teller", mode=mode))
    return code([Partnership(ordering, teller)])


def third_team(site: Site) -> None:
    site.share(site.ordering, site.billing, Context("shipping", team="logistics"))
    site.teams.write_text(site.teams.read_text() + '[teams.logistics]\nmembers = ["x@example.org"]\n')


def changed(site: Site) -> None:
    site.edit("self.minor +", "self.minor -")


def retyped(site: Site) -> None:
    site.edit("minor: int", "minor: float")


def reworded(site: Site) -> None:
    site.edit('    """An amount."""\n', "    # an amount\n\n")


def changed_and_approved(*approvals: tuple[str, str]) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        changed(site)
        for team, by in approvals:
            site.approve(team, by)

    return change


CASES: Final[list[Case]] = [
    *(Case("none", "code", "no-relation", code([], use), code([upstream], use)) for use in TAKEN),
    *(Case("none", "run time", rule, partial(running, deed), partial(running, deed, follows)) for deed, rule in DEEDS),
    Case("none", "run time", "InvalidCloudEvent", partial(heard, source="/anybody"), heard),
    *(
        Case(type(one).__name__, "code", rule, code([one], planted), code([one], FOLLOWS))
        for one in (upstream, customer, host, conformist)
        for rule, planted in (("unpublished-import", INSIDE), ("handed-on", HANDED), ("wrong-way", FOLLOWED))
    ),
    *(
        case
        for name in ("UpstreamDownstream", "CustomerSupplier")
        for now in [(PlacedV1, PlacedV2, FewerV3)]
        for case in (
            Case(name, "schema", "read-field-removed", partial(spoken, *now, reader=ReadsNote), partial(spoken, *now)),
            Case(name, "run time", "UnsupportedVersion", partial(heard, version=2), heard),
        )
    ),
    *(
        Case("CustomerSupplier", "approval", "not-agreed", partial(agreed, languages.vetoed), clean)
        for clean in (partial(agreed, languages.vetoed, "Readers"), partial(agreed, languages.unvetoed))
    ),
    *(
        Case("OpenHostService", "code", "unpublished-message", code([host], replace(use, of=INNER)), code([host], use))
        for use in MESSAGES
    ),
    Case(
        "OpenHostService",
        "schema",
        "required-property-added",
        partial(spoken, PlacedV1, PlacedV2, PlacedV3),
        partial(spoken, PlacedV1, PlacedV2, FewerV3),
    ),
    Case(
        "OpenHostService",
        "schema",
        "mode-changed",
        partial(spoken, PlacedV1, PlacedV2, mode=Compatibility.FULL),
        partial(spoken, PlacedV1, PlacedV2),
    ),
    Case("OpenHostService", "run time", "InvalidFormat", partial(sold, "ZZ"), partial(sold, "DE")),
    Case("OpenHostService", "run time", "UnreadableMessage", partial(sold, "FR"), partial(sold, "DE")),
    Case("OpenHostService", "run time", "UnsupportedVersion", partial(parked, version=1), partial(parked, version=2)),
    Case("OpenHostService", "approval", "required-property-added", accepted, partial(accepted, "asked", "asked")),
    *(
        Case(
            "AntiCorruptionLayer",
            "code",
            "outside-layer",
            code([layer], use),
            code([layer], replace(use, module=layer.layer)),
        )
        for use in (*TAKEN, SPOKEN)
    ),
    *(
        Case(
            "AntiCorruptionLayer",
            "run time",
            "outside-layer",
            partial(running, deed, behind(f"{HERE}_of_old")),
            partial(running, deed, behind(HERE)),
        )
        for deed, _ in DEEDS[:2]
    ),
    Case("Conformist", "code", "outside-layer", code([layer], SPOKEN), code([conformist], SPOKEN)),
    Case(
        "Conformist",
        "code",
        "conformist-translates",
        known(conformist, TRANSLATED),
        known(conformist, replace(TRANSLATED, translations=())),
    ),
    Case("Conformist", "schema", "DefinitionError", partial(conforming, gone=True), partial(conforming, gone=False)),
    Case("Partnership", "code", "import-cycle", code([*ROUND, upstream], *CIRCLE), code([*ROUND, partners], *CIRCLE)),
    *(Case("Partnership", "schema", "partner-language", speaking(mode), speaking(Compatibility.FULL)) for mode in HALF),
    *(
        Case("Partnership", "approval", "not-agreed", partial(agreed, app), partial(agreed, app, "Readers"))
        for app in (languages.partnered, languages.partnered_with_the_last)
    ),
    Case("SharedKernel", "code", "kernel-imports-context", code([kernel], KNOWING), code([kernel], *SHARED)),
    Case("SharedKernel", "code", "kernel-outsider", code([kernel], OUTSIDER), code([kernel], *SHARED)),
    Case("SharedKernel", "code", "no-relation", code([kernel], FOLLOWS), code([kernel, upstream], FOLLOWS)),
    Case(
        "SharedKernel",
        "code",
        "kernel-size",
        known(kernel, measured(LARGEST_KERNEL + 1)),
        known(kernel, measured(LARGEST_KERNEL)),
    ),
    *(
        Case("SharedKernel", "schema", "kernel-changed", partial(approved, change), partial(approved, reworded))
        for change in (changed, retyped)
    ),
    Case(
        "SharedKernel",
        "schema",
        "kernel-changed",
        partial(approved, outside(changes=True)),
        partial(approved, outside(changes=False)),
    ),
    *(
        Case(
            "SharedKernel",
            "approval",
            rule,
            partial(approved, planted),
            partial(approved, changed_and_approved(("checkout", ANN), ("billing", BEA))),
        )
        for rule, planted in (
            ("kernel-approval-outdated", changed_and_approved(("checkout", ANN))),
            ("kernel-approval-outdated", changed_and_approved(("billing", BEA))),
            ("kernel-not-approved", third_team),
        )
    ),
    *(Case("SeparateWays", "code", "separate-ways", code([apart], use), code([upstream], use)) for use in TAKEN),
    *(
        Case(
            "SeparateWays", "code", "separate-ways-through-others", known(apart, led(kind)), known(upstream, led(kind))
        )
        for kind in ("imports", "messages")
    ),
    *(
        Case(
            "SeparateWays",
            "run time",
            rule.replace("no-relation", "separate-ways"),
            partial(running, deed, SeparateWays),
            partial(running, deed, follows),
        )
        for deed, rule in DEEDS
    ),
    Case("mud", "code", "mud-without-layer", code([beside_mud]), code([against_mud])),
]


def name(case: Case) -> str:
    return f"{case.relation}, {case.column}: {case.rule}"


async def seen(looking: Found) -> Sequence[str]:
    answer = looking()
    return await answer if isawaitable(answer) else answer


@pytest.mark.parametrize("case", CASES, ids=name)
async def test_what_is_planted_in_a_cell_is_found(case: Case) -> None:
    assert case.rule in await seen(case.planted)


@pytest.mark.parametrize("case", CASES, ids=name)
async def test_what_is_as_it_should_be_is_not_found(case: Case) -> None:
    assert list(await seen(case.clean)) == []


def test_every_cell_has_a_case_and_every_relation_a_row() -> None:
    assert {one: {case.column for case in CASES if case.relation == one} for one in TABLE} == TABLE
    all_of_them = {one.__name__ for one in Relation.__subclasses__() if one.__module__ == Relation.__module__}
    assert TABLE.keys() - all_of_them == {"none", "mud"}
    assert all_of_them <= TABLE.keys()
