"""What drawings of flows and of maps have in common: boxes, curves and the frame, as SVG text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeAlias
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

from leftfold.flow.layering import Place, Plan, Size

__all__ = ["HEIGHT", "MOST_CHARS", "Points", "box", "clean", "curve", "frame", "label", "size_of"]

Points: TypeAlias = Sequence[tuple[float, float]]

HEIGHT: Final = 44.0
"""Of a box."""
MOST_CHARS: Final = 44
"""Of a text that are shown."""
_MARGIN: Final = 48.0
_CHAR: Final = 7.3
_ARROW: Final = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto-start-reverse"><path d="M0,0.5 L8,4 L0,7.5 z"/></marker></defs>'
)


def frame(drawn: Plan, below: float, about: str, style: str) -> str:
    """The beginning of a drawing, with arrows and *style*.

    Args:
        below: height that is needed beneath what is planned.
        about: what it is a drawing of.
    """
    width, height = drawn.size.width + 2 * _MARGIN, drawn.size.height + 2 * _MARGIN + below
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-_MARGIN:g} {-_MARGIN:g} {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{about}">\n<style>{style}</style>\n{_ARROW}'
    )


def size_of(name: str, about: str) -> Size:
    """How much room the box of *name* takes."""
    width = sum(2 if east_asian_width(char) in "WF" else 1 for char in name[:MOST_CHARS])
    return Size(max(width, len(about) * 0.8) * _CHAR + 24, HEIGHT)


def box(place: Place, texts: tuple[str, str], *, id: str, look: str, title: str, radius: int) -> str:
    """A box with a name and what is said about it, which may be empty."""
    (name, about), (width, height) = texts, (place.size.width, place.size.height)
    below = f'<text class="about" x="{place.x:.1f}" y="{place.y + 13:.1f}">{_shown(about)}</text>' if about else ""
    return (
        f'<g class="{look}"><title>{escape(clean(title))}</title>'
        f'<rect x="{place.x - width / 2:.1f}" y="{place.y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="{radius}"/><text x="{place.x:.1f}" y="{place.y - (1 if about else -4):.1f}" '
        f"data-id={quoteattr(clean(id))}>{_shown(name)}</text>{below}</g>"
    )


def curve(points: Points) -> str:
    """The path through *points*."""
    parts = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        half = (x2 - x1) / 2
        parts.append(f"C{x1 + half:.1f},{y1:.1f} {x2 - half:.1f},{y2:.1f} {x2:.1f},{y2:.1f}")
    return " ".join(parts)


def label(points: Points, kind: str, text: str) -> str:
    """*text* in the middle of the path through *points*."""
    (x1, y1), (x2, y2) = points[len(points) // 2 - 1], points[len(points) // 2]
    return f'<text class="{kind}" x="{(x1 + x2) / 2:.1f}" y="{(y1 + y2) / 2 - 3:.1f}">{_shown(text)}</text>'


def clean(text: str) -> str:
    """XML has no place for characters that nobody could see."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _shown(text: str) -> str:
    return escape(clean(text if len(text) <= MOST_CHARS else f"{text[: MOST_CHARS - 1]}…"))
