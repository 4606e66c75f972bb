"""Relations in both spellings of the Context Mapper language, `A [U,OHS]->[D,CF] B` and `A Upstream-Downstream B`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar

from leftfold.catalog.errors import InvalidCatalogFile
from leftfold.contexts.edges import DownstreamRole, Edge, UpstreamRole

__all__ = ["DOWNSTREAM", "OPERATORS", "UPSTREAM", "edge_of"]

R = TypeVar("R")
_Side: TypeAlias = tuple[str, tuple[str, ...]]

UPSTREAM: Final[Mapping[str, UpstreamRole]] = MappingProxyType(
    {"S": "supplier", "OHS": "open-host-service", "PL": "published-language"}
)
DOWNSTREAM: Final[Mapping[str, DownstreamRole]] = MappingProxyType(
    {"C": "customer", "CF": "conformist", "ACL": "anti-corruption-layer"}
)
OPERATORS: Final = (
    *("->", "<-", "<->", "Partnership", "Shared-Kernel"),
    *("Upstream-Downstream", "Downstream-Upstream", "Customer-Supplier", "Supplier-Customer"),
)
_LEFT_IS_UPSTREAM: Final = ("->", "Upstream-Downstream", "Supplier-Customer")
_SAYS_CUSTOMER: Final = ("Customer-Supplier", "Supplier-Customer")
_VETO: Final = ("VETO_RIGHT", "DECISION_MAKER", "MONOPOLIST")
_RIGHTS: Final = ("INFLUENCER", "OPINION_LEADER", *_VETO)


def edge_of(sides: tuple[_Side, _Side], operator: str, name: str, rights: str, place: str) -> Edge:
    """The relation that a line of a map says.

    Args:
        sides: both contexts in the order in which they stand, with their roles.
        operator: what stands between them.
        name: of the relation; the kernel's when it is one.
        rights: of the downstream; from a veto on it has to agree to a break.
        place: of the line.

    Raises:
        InvalidCatalogFile: the roles do not go with the operator, or with each other.
    """
    if operator in ("<->", "Partnership", "Shared-Kernel"):
        return _symmetric(sides, operator, name, place)
    upstream, downstream = sides if operator in _LEFT_IS_UPSTREAM else sides[::-1]
    customer = operator in _SAYS_CUSTOMER
    up = _roles(upstream, "U", UPSTREAM, place)
    down = _roles(downstream, "D", DOWNSTREAM, place)
    if ("supplier" in up) != ("customer" in down):
        raise _wrong(place, "a supplier [S] has a customer [C] on the other side, and the other way round")
    if rights and rights not in _RIGHTS:
        raise _wrong(place, f"{rights!r} is no right of a downstream; they are {', '.join(_RIGHTS)}")
    return Edge(
        kind="directed",
        upstream=upstream[0],
        downstream=downstream[0],
        upstream_roles=tuple(sorted({*up, "supplier"} if customer else up)),
        downstream_roles=tuple(sorted({*down, "customer"} if customer else down)),
        veto=rights in _VETO,
        place=place,
    )


def _symmetric(sides: tuple[_Side, _Side], operator: str, name: str, place: str) -> Edge:
    marks = {role for _, roles in sides for role in roles}
    if len(marks) > 1 or not marks <= {"P", "SK"}:
        raise _wrong(place, f"two heads go with [P] on both sides, [SK] on both or nothing, not with {_said(marks)}")
    if {operator, *marks} in ({"Partnership", "SK"}, {"Shared-Kernel", "P"}):
        raise _wrong(place, f"{operator} and {_said(marks)} are two different relations")
    partners = operator == "Partnership" or marks == {"P"}
    first, second = sorted(one for one, _ in sides)
    return Edge(
        kind="partnership" if partners else "shared-kernel",
        upstream=first,
        downstream=second,
        kernel="" if partners else name,
        place=place,
    )


def _roles(side: _Side, own: str, known: Mapping[str, R], place: str) -> list[R]:
    context, roles = side
    found: list[R] = []
    for role in roles:
        if role in known:
            found.append(known[role])
        elif role != own:
            side_name = "an upstream" if own == "U" else "a downstream"
            words = ", ".join((own, *known))
            raise _wrong(place, f"{context} is {side_name} and cannot be {role!r}; its roles are {words}")
    return found


def _said(marks: Sequence[str] | set[str]) -> str:
    return " ".join(f"[{one}]" for one in sorted(marks))


def _wrong(place: str, reason: str) -> InvalidCatalogFile:
    file, _, line = place.rpartition(":")
    return InvalidCatalogFile(file, reason, line=int(line))
