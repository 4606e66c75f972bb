"""How a flow is shown to people, and what `--json` writes of it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console

from leftfold.cli.output import Columns, Row
from leftfold.cli.text import counted, printable
from leftfold.flow import Chain, Edge, Flow, FlowFinding, Node, Seen, node_of, path_text

__all__ = ["CountedChain", "FlowReport", "print_findings", "print_report"]

_STYLES = {"undeclared": "red", "unseen": "dim"}


class CountedChain(Struct, frozen=True, kw_only=True):
    """A chain, and how many events came to be so."""

    chain: Chain
    count: int


class FlowReport(Struct, frozen=True, kw_only=True):
    """A flow, as `--json` writes it.

    Args:
        chains: what was seen, most often first; empty when nobody has looked.
    """

    flow: Flow
    chains: tuple[CountedChain, ...] = ()
    findings: tuple[FlowFinding, ...] = ()

    @classmethod
    def of(cls, seen: Seen) -> FlowReport:
        """What came of looking into logs."""
        chains = tuple(CountedChain(chain=chain, count=count) for chain, count in seen.chains)
        return cls(flow=seen.flow, chains=chains, findings=seen.findings)

    def with_findings(self, more: tuple[FlowFinding, ...]) -> FlowReport:
        """With more findings."""
        return replace(self, findings=(*self.findings, *more))


def print_report(out: Console, report: FlowReport, *, observed: bool) -> None:
    """Print a row for each edge, then the findings."""
    nodes = report.flow.by_id
    columns = Columns(out, "kind", "from", ">events", "kind", "to", "mark") if observed else None
    columns = columns or Columns(out, "kind", "from", "kind", "to")
    several = _several(report.flow)
    columns.print([_row(edge, nodes, several=several, observed=observed) for edge in report.flow.edges])
    for node in report.flow.nodes:
        if node.open:
            out.print(f"{_named(node, several=several)} does not say which commands it sends", style="dim")
    print_findings(out, report)


def print_findings(out: Console, report: FlowReport) -> None:
    """Print a line for each finding, and how many there are."""
    nodes, several = report.flow.by_id, _several(report.flow)
    for one in report.findings:
        count = f", {counted(one.count, 'event')}" if one.count else ""
        path = printable(path_text(one.path, nodes, several=several))
        out.print(f"{one.kind}: {path}{count}", style="red" if one.kind != "orphan" else "")
    out.print(counted(len(report.findings), "finding"), style="red" if report.findings else "dim")


def _row(edge: Edge, nodes: dict[str, Node], *, several: bool, observed: bool) -> Row:
    source, target = (nodes.get(id) or node_of(id) for id in (edge.source, edge.target))
    first: Sequence[str] = (source.kind, _named(source, several=several))
    then: Sequence[str] = (target.kind, _named(target, several=several))
    cells = (*first, f"{edge.count:,}", *then, edge.mark) if observed else (*first, *then)
    return Row(cells, _STYLES.get(edge.mark, ""))


def _named(node: Node, *, several: bool) -> str:
    return f"{node.context}/{node.name}" if several and node.context else node.name


def _several(flow: Flow) -> bool:
    return len({node.context for node in flow.nodes}) > 1
