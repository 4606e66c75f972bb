"""What is declared of contexts and relations: that somebody answers for it, and that it is so."""

from __future__ import annotations

from collections.abc import Iterator

from leftfold.borders.case import Case
from leftfold.contexts.context import Context
from leftfold.contexts.findings import Finding

__all__ = ["described", "evidenced"]


def described(case: Case) -> Iterator[Finding]:
    """*no-team*, a warning: nobody answers for a context. *external-with-code*: what is run by somebody else registers
    handlers here. *no-package*, a note: a context says no package, so what it imports is not seen.
    """
    for context in case.map.contexts:
        if not context.team:
            yield Finding(
                rule="no-team",
                contexts=(context.name,),
                message=f"nobody answers for {context.name}; say team=",
                declared_at=context.place,
                severity="warning",
            )
        if context.external and _registers(context):
            yield Finding(
                rule="external-with-code",
                contexts=(context.name,),
                message=f"{context.name} is run by somebody else, and has handlers here; give them to another context",
                declared_at=context.place,
            )
        if not (context.external or context.package) and "static" in case.evidence.origins:
            yield Finding(
                rule="no-package",
                contexts=(context.name,),
                message=f"{context.name} says no package, so what it imports is not seen; say package=",
                declared_at=context.place,
                severity="note",
            )


def evidenced(case: Case) -> Iterator[Finding]:
    """*no-evidence*, a warning: nothing shows that a relation is lived: no import, no event, no command. Of what is
    external nothing can.
    """
    lived = {(use.used, use.user) for use in case.between_contexts}
    for edge in case.map.edges:
        if edge.kind not in ("directed", "partnership"):
            continue
        one, other = case.contexts[edge.upstream], case.contexts[edge.downstream]
        way, back = (edge.upstream, edge.downstream), (edge.downstream, edge.upstream)
        if one.external or other.external or way in lived or (edge.kind == "partnership" and back in lived):
            continue
        looked = ", ".join(sorted(case.evidence.origins))
        yield Finding(
            rule="no-evidence",
            contexts=edge.pair,
            message=(
                f"nothing shows that {edge.downstream} follows {edge.upstream} (looked at what is {looked}); take the "
                "relation out, or say what it is good for"
                if edge.kind == "directed"
                else f"nothing shows that {edge.upstream} and {edge.downstream} follow each other (looked at what is "
                f"{looked}); take the relation out"
            ),
            declared_at=edge.place,
            subject=edge.kind,
            severity="warning",
        )


def _registers(context: Context) -> bool:
    return any(
        (
            context.parts,
            context.commands,
            context.queries,
            context.projections,
            context.reactions,
            context.command_reactions,
            context.publications,
            context.sagas,
            context.processes,
        )
    )
