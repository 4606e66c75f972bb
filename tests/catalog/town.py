"""A town whose contexts are called so that a page which took a name for markup or for code would show it."""

from __future__ import annotations

from typing import Final

from leftfold.catalog import Catalog, Consumption, Descriptor, Emission, Handler, Published
from leftfold.contexts import Edge

__all__ = ["HALL", "MARKET", "REGISTERED", "SCRIPT", "town"]

SCRIPT: Final = '<script>document.title = "taken over"</script>'
HALL: Final = "Town hall"
MARKET: Final = 'market"><img src=x onerror="document.title=1">'
REGISTERED: Final = 'registered </title><svg onload="document.title=2"> & paid'
"""An event."""

_LAYER: Final = Edge(
    kind="directed",
    upstream=HALL,
    downstream=MARKET,
    upstream_roles=("open-host-service",),
    downstream_roles=("anti-corruption-layer",),
    layer="market.hall",
    veto=True,
    place="hall.py:3",
)
_KERNEL: Final = Edge(kind="shared-kernel", upstream=HALL, downstream=SCRIPT, kernel="__proto__")
_PARTNERS: Final = Edge(kind="partnership", upstream=MARKET, downstream="constructor")
_APART: Final = Edge(kind="separate-ways", upstream=SCRIPT, downstream="constructor", reason="</script><b>never</b>")


def town() -> Catalog:
    """Six contexts, one of them only named: the hall, what follows it, and what follows that."""
    hall = Descriptor(
        name=HALL,
        team='"; alert(1); //',
        purpose="Keep <b>everybody's</b> papers & seals",
        subdomain="core",
        package="town.hall",
        modules=("town.hall.api",),
        glossary={"seal": "what makes a paper hold </dd><script>document.title=3</script>"},
        relations=(_LAYER, _KERNEL),
        publishes=(
            Published(name=REGISTERED, version=1, fields={"/name": "string", "/old": "string"}, sunset="2027-01-31"),
            Published(name=REGISTERED, version=2, fields={"/name": "string", "/<i>age": "integer"}),
            Published(name="leftfold", fields={"/constructor": "string"}),
        ),
        apis=("GET /papers",),
        commands=("Register",),
        aggregates={"paper": "Archive"},
    )
    market = Descriptor(
        name=MARKET,
        team="Traders",
        external=True,
        relations=(_LAYER, _PARTNERS),
        publishes=(Published(name="sold", fields={"/what": "string"}),),
        consumes=(Consumption(event=REGISTERED, versions=">=2", reads=("/name",), by="on-registered"),),
        handlers=(Handler(name="on-registered", emits=(Emission(event="sold"),), open=True),),
    )
    script = Descriptor(
        name=SCRIPT,
        team="Traders",
        mud=True,
        relations=(_KERNEL, _APART),
        consumes=(
            Consumption(event=REGISTERED, by="all", place="script.py:9"),
            Consumption(event=REGISTERED, reads=(), by="none"),
            Consumption(event="never published", by="lost"),
        ),
    )
    shop = Descriptor(
        name="shop", team="Traders", consumes=(Consumption(event="sold", reads=("/what",), by="on-sold"),)
    )
    alone = Descriptor(name="SHOP", team="")
    return Catalog([hall, market, script, shop, alone])
