"""How the pages are built: `make docs`."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "Leftfold"
author = "The Leftfold authors"
release = version = version_of("leftfold")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"Leftfold {release}"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

default_role = "code"
autodoc_member_order = "groupwise"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Class keywords", "params_style")]

# Only our own names have pages here, and type variables have none.
nitpick_ignore_regex = [(r"py:.*", r"(?!leftfold\b).*"), (r"py:.*", r"leftfold\..*\.(Row|_?[A-Z])(_co|_contra)?")]

# Handed from one part to another inside; a user meets them in a constructor that the App calls.
nitpick_ignore = [
    ("py:class", "leftfold.testing.folding._Row"),
    ("py:class", "leftfold.store.tables.Found"),
    ("py:class", "leftfold.store.tables.Tables"),
    ("py:class", "leftfold.projections.following.ProjectionFollower"),
    ("py:class", "leftfold.projections.row_type.RowCodec"),
    ("py:class", "leftfold.handling.asking.Keeping"),
    ("py:class", "leftfold.handling.answers.Answer"),
    ("py:class", "leftfold.errors.deciding._Unknown"),
    ("py:class", "leftfold.app.background.Background"),
    ("py:class", "leftfold.app.assembly.Assembly"),
    ("py:class", "leftfold.app.directory.Directory"),
    ("py:class", "leftfold.app.telemetry_of_work.WorkTelemetry"),
    ("py:class", "leftfold.schemas.node.Node"),
    ("py:class", "leftfold.handling.handlers.Decision"),
    ("py:class", "leftfold.domain.state.StateCodec"),
    ("py:class", "leftfold.handling.keeping.State"),
    ("py:class", "leftfold.handling.planning.Plan"),
    ("py:class", "leftfold.handling.tracking.Tracking"),
    ("py:class", "leftfold.messages.shape.Shape"),
    ("py:class", "leftfold.messages.upcasting.Upcaster"),
    ("py:class", "leftfold.testing.conformance.stores.FullStore"),
    ("py:class", "leftfold.processes.definition.StepPlan"),
    ("py:class", "leftfold.processes.journal.Journal"),
    ("py:class", "leftfold.processes.migrating.SagaMigration"),
    ("py:class", "leftfold.processes.reacting.CommandReaction"),
    ("py:class", "leftfold.processes.sending.Send"),
    ("py:class", "leftfold.processes.starting.SagaStart"),
    ("py:class", "leftfold.processes.steps.Guiding"),
    ("py:class", "leftfold.processes.watching.Watchers"),
]
