"""Whether a schema accepts one value: the engine's own judge of its witnesses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final, cast

from leftfold.schemas.formats import fits
from leftfold.schemas.node import ARRAY, NUMBER, OBJECT, STRING, Choice, Fields, Items, Node, Texts
from leftfold.schemas.numbers import FIRST_ROUNDED, Number, exact
from leftfold.schemas.patterns import matches
from leftfold.schemas.values import kind_of, same

__all__ = ["accepts", "accepts_all"]

_BASE64: Final = re.compile(r"(?:[0-9A-Za-z+/]{4})*")  # whole groups alone: how others end, readers differ in


def accepts_all(nodes: Iterable[Node], value: object) -> bool | None:
    """Whether every one of *nodes* accepts *value*; None when that cannot be told."""
    return _every(accepts(node, value) for node in nodes)


def accepts(node: Node, value: object) -> bool | None:
    """Whether *node* accepts *value*; None when that hangs on a keyword or a pattern that cannot be judged."""
    kind = kind_of(value)
    if not node.kinds & kind:
        return False
    if node.values is not None and not any(same(value, each) for each in node.values):
        return False
    own = None if node.unknown else True
    if kind == NUMBER and (node.whole or node.numbers is not None):
        own = _both(own, _number(node, cast("Decimal", value)))
    if kind == STRING and node.texts is not None:
        own = _both(own, _text(node.texts, cast("str", value)))
    if kind == ARRAY and node.items is not None:
        own = _both(own, _items(node.items, cast("list[object]", value)))
    if own is not False and kind == OBJECT and node.fields is not None:
        own = _both(own, _fields(node.fields, cast("Mapping[str, object]", value)))
    if own is not False and node.link is not None:
        own = _both(own, accepts(node.link.target, value))
    if own is not False and node.choice is not None:
        own = _both(own, _choice(node.choice, value))
    if own is not False and kind == OBJECT and node.fields is not None and node.fields.sealed:
        own = _both(own, _sealed(node, cast("Mapping[str, object]", value)))
    return own


def _both(one: bool | None, other: bool | None) -> bool | None:  # noqa: FBT001 - three-valued logic
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _every(answers: Iterable[bool | None]) -> bool | None:
    found: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        found = _both(found, answer)
    return found


def _not(answer: bool | None) -> bool | None:  # noqa: FBT001 - three-valued logic
    return None if answer is None else not answer


def _number(node: Node, value: float | Decimal) -> bool | None:
    number = exact(value)
    found = _holds(node, number)
    if isinstance(value, int) or -FIRST_ROUNDED < number < FIRST_ROUNDED:
        return found
    try:
        rounded = int(float(number))
    except OverflowError:
        return None
    bounds = () if node.numbers is None else (node.numbers.low, node.numbers.high)
    near = any(
        bound is not None and abs(Fraction(number) - bound) * FIRST_ROUNDED <= 8 * abs(Fraction(number))
        for bound in bounds
    )
    return found if not near and _holds(node, rounded) == found else None


def _holds(node: Node, number: Number) -> bool:
    return (isinstance(number, int) or not node.whole) and (node.numbers is None or node.numbers.holds(number))


def _text(texts: Texts, value: str) -> bool | None:
    if len(value) < texts.shortest or (texts.longest is not None and len(value) > texts.longest):
        return False
    found: bool | None = True if texts.content == (None, None) or _is_encoded(texts, value) else None
    if texts.pattern is not None:
        found = _both(found, matches(texts.pattern, value))
    return found if texts.format is None else _both(found, fits(texts.format, value))


def _is_encoded(texts: Texts, value: str) -> bool:
    """Whether *value* is certainly what *texts* says of its characters."""
    return texts.content == ("base64", None) and _BASE64.fullmatch(value) is not None


def _items(items: Items, value: list[object]) -> bool | None:
    if len(value) < items.least or (items.most is not None and len(value) > items.most):
        return False
    if items.unique and any(same(one, other) for index, one in enumerate(value) for other in value[:index]):
        return False
    found = _every(accepts(node, each) for node, each in zip(items.prefix, value, strict=False))
    if items.rest is not None and found is not False:
        rest = items.rest
        found = _both(found, _every(accepts(rest, each) for each in value[len(items.prefix) :]))
    if items.contains is not None and found is not False:
        inner = items.contains
        answers = [accepts(inner, each) for each in value]
        found = _both(found, _counted(answers, items.fewest, items.utmost))
    return found


def _counted(answers: list[bool | None], fewest: int, utmost: int | None) -> bool | None:
    sure, perhaps = answers.count(True), answers.count(None)
    if sure + perhaps < fewest or (utmost is not None and sure > utmost):
        return False
    return True if sure >= fewest and (utmost is None or sure + perhaps <= utmost) else None


def _fields(fields: Fields, value: Mapping[str, object]) -> bool | None:
    size = len(value)
    if size < fields.least or (fields.most is not None and size > fields.most) or not fields.required <= value.keys():
        return False
    if any(name in value and not needed <= value.keys() for name, needed in fields.demands.items()):
        return False
    found = _every(_member(fields, name, part) for name, part in value.items())
    if fields.names is not None:
        found = _both(found, _every(accepts(fields.names, name) for name in value))
    for name, node in fields.dependents.items():
        if name in value:
            found = _both(found, accepts(node, value))
    return found


def _member(fields: Fields, name: str, value: object) -> bool | None:
    found: bool | None = True
    spoken: bool | None = False
    node = fields.properties.get(name)
    if node is not None:
        spoken, found = True, accepts(node, value)
    for pattern, node in fields.patterns:
        match matches(pattern, name):
            case True:
                spoken, found = True, _both(found, accepts(node, value))
            case None:
                spoken = spoken or None
                found = found if accepts(node, value) is True else _both(found, None)
            case False:
                pass
    if fields.rest is None or spoken is True:
        return found
    rest = accepts(fields.rest, value)
    return _both(found, rest) if spoken is False or rest is True else _both(found, None)


def _choice(choice: Choice, value: object) -> bool | None:
    found = accepts_all(choice.every, value)
    if choice.some is not None and found is not False:
        found = _both(found, _not(_every(_not(accepts(node, value)) for node in choice.some)))
    if choice.one is not None and found is not False:
        found = _both(found, _counted([accepts(node, value) for node in choice.one], 1, 1))
    if choice.never is not None and found is not False:
        found = _both(found, _not(accepts(choice.never, value)))
    if choice.condition is not None and found is not False:
        found = _both(found, _condition(choice.condition, value))
    return found


def _condition(condition: tuple[Node, Node | None, Node | None], value: object) -> bool | None:
    asked, then, other = condition
    met = accepts(asked, value)
    yes = True if then is None else accepts(then, value)
    no = True if other is None else accepts(other, value)
    if met is None:
        return yes if yes == no else None
    return yes if met else no


def _sealed(node: Node, value: Mapping[str, object]) -> bool | None:
    spoken = _spoken(node, value, {*value})
    return None if spoken is None else value.keys() <= spoken


def _spoken(node: Node, value: Mapping[str, object], names: set[str]) -> set[str] | None:
    """Which of *names* something at this place speaks of; None when that cannot be told."""
    found: set[str] = set()
    if node.fields is not None:
        fields = node.fields
        if fields.rest is not None:
            return names
        found |= names & fields.properties.keys()
        for pattern, _ in fields.patterns:
            for name in names:
                match matches(pattern, name):
                    case None:
                        return None
                    case answer if answer:
                        found.add(name)
                    case _:
                        pass
    for part in _in_force(node, value):
        more = None if part is None else _spoken(part, value, names)
        if more is None:
            return None
        found |= more
    return found


def _in_force(node: Node, value: Mapping[str, object]) -> list[Node | None]:
    """The schemas beside *node*'s own words that hold for *value*; None for one that may."""
    parts: list[Node] = []
    unsure: list[Node | None] = []
    if node.link is not None:
        parts.append(node.link.target)
    if node.fields is not None:
        parts += [part for name, part in node.fields.dependents.items() if name in value]
    if node.choice is not None:
        choice = node.choice
        parts += [*choice.every, *(choice.some or ()), *(choice.one or ())]
        if choice.condition is not None:
            asked, then, other = choice.condition
            met = accepts(asked, value)
            unsure = [None] if met is None else []
            parts += [part for part in ((asked, then) if met else (other,)) if part is not None]
    answers = [(part, accepts(part, value)) for part in parts]
    return unsure + [part if answer else None for part, answer in answers if answer is not False]
