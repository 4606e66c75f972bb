"""Maps of Context Mapper that are damaged: each is a map all the same, or an error with its line."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Final

import pytest

from leftfold.catalog import Catalog, InvalidCatalogFile, catalog_findings, cml_text, load_cml, read_cml

WHOLE: Final = """
/* a company */
ContextMap Company { type = SYSTEM_LANDSCAPE
  state = AS_IS
  contains Orders, Bills
  contains Mail
  Orders [U,OHS,PL]->[D,ACL] Bills : first {
    implementationTechnology = "HTTP { } // no comment"
    exposedAggregates = Order, Line
    downstreamRights = VETO_RIGHT
  }
  Bills [P]<->[P] Mail // partners
  Mail Shared-Kernel Orders
}
Domain Shop { Subdomain Selling { type = CORE_DOMAIN Entity E { - Order o } } }
BoundedContext Orders implements Selling { domainVisionStatement "sell \\"things\\""
  Module inner { basePackage = shop.orders Aggregate Order { owner Sellers Entity Order { aggregateRoot } } }
  Aggregate Line
}
BoundedContext Bills { type = APPLICATION }
BoundedContext Mail
BoundedContext Sellers realizes Orders { type = TEAM }
"""
WORDS: Final = (
    "{",
    "}",
    "[",
    "]",
    "->",
    "<->",
    "ContextMap",
    "contains",
    "Module",
    "Aggregate",
    "=",
    '"',
    "/*",
    "^",
    "é",
    "\0",
)
TOKEN: Final = re.compile(r'\s+|"[^"]*"|\w+|<->|->|.', re.DOTALL)


def damaged(text: str, dice: random.Random) -> str:
    """*text* with words taken out, doubled, exchanged, put in, or without its end."""
    words = TOKEN.findall(text)
    for _ in range(dice.randint(1, 3)):
        at, other = dice.randrange(len(words)), dice.randrange(len(words))
        match dice.randrange(5):
            case 0:
                del words[at]
            case 1:
                words.insert(at, words[at])
            case 2:
                words[at], words[other] = words[other], words[at]
            case 3:
                words.insert(at, dice.choice(WORDS))
            case _:
                del words[max(at, 1) :]
    return "".join(words)


def test_a_damaged_map_is_read_or_told_with_its_line() -> None:
    dice, lines = random.Random(80), list[int]()
    for _ in range(300):
        text = damaged(WHOLE, dice)
        try:
            catalog = Catalog(load_cml(text, "it.cml").descriptors)
        except InvalidCatalogFile as error:
            lines.append(error.line if "has no ContextMap" not in error.reason else 1)
            assert lines[-1] in range(1, text.count("\n") + 2)
        else:
            catalog_findings(catalog)
            load_cml(cml_text(catalog), "again.cml")
    assert 50 < len(lines) < 250


@pytest.mark.parametrize(
    "text",
    [
        "BoundedContext A {" + "Module M {" * 2000,
        "Domain A {" + "Subdomain M {" * 2000,
        "BoundedContext A {" + "x {" * 2000,
    ],
    ids=["modules", "subdomains", "anything"],
)
def test_what_is_nested_too_deep_is_told(text: str) -> None:
    with pytest.raises(InvalidCatalogFile, match=r"it\.cml:2: more than 100 braces are open here"):
        load_cml(f"\n{text}", "it.cml")


def test_reading_stops_at_the_first_thing_that_is_wrong_however_much_follows() -> None:
    with pytest.raises(InvalidCatalogFile, match=r"it\.cml:2: 'a' cannot stand here"):
        load_cml("\na b c\n/* never closed", "it.cml")


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.cml").write_bytes(b"\xef\xbb\xbfContextMap { contains A }\r\nBoundedContext A\r\n")
    assert [one.name for one in read_cml(tmp_path / "a.cml").descriptors] == ["A"]
