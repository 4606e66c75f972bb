"""A test that contexts keep to their map."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from leftfold.app.composition import App
from leftfold.clock import SystemClock
from leftfold.contexts.context_map import ContextMap
from leftfold.errors import DefinitionError

__all__ = ["assert_context_map"]


def assert_context_map(
    app_or_map: App | ContextMap,
    *,
    observed: Path | str | None = None,
    baseline: Path | str | None = None,
    today: date | None = None,
) -> None:
    """Pass when `leftfold context check` would: everything that contexts do is as their map says.

    Args:
        app_or_map: the map, or an app with `context_map=`.
        observed: a file that `leftfold context observe` wrote.
        baseline: a file of findings that are accepted for a while.
        today: when that is; now, when left out.

    Raises:
        AssertionError: there are errors or warnings; its text is what the command prints.
        DefinitionError: the app has no map.
        ExtraMissing: grimp is not installed.
        InvalidBaseline, InvalidObservation: a file cannot be read.
    """
    from leftfold.borders import against, check_map, findings_text, load_baseline, load_observed, under

    context_map = app_or_map.context_map if isinstance(app_or_map, App) else app_or_map
    if context_map is None:
        raise DefinitionError("this App has no map; give it context_map=, or hand in the map itself")
    findings = check_map(context_map, () if observed is None else load_observed(observed))
    known = () if baseline is None else load_baseline(baseline)
    left = under(against(findings, known, today or SystemClock().now().date()), str(Path.cwd()))
    if any(one.severity != "note" for one in left):
        raise AssertionError(f"contexts do not keep to their map\n\n{findings_text(left)}")
