"""Schemas: what of two versions of a message fits together.

In: JSON Schemas of a writer and of a reader. Out: that all fits, or what breaks with a document that shows it, or what
cannot be decided.
May import: errors.
"""

from leftfold.schemas.comparing import compare, problems
from leftfold.schemas.compatibility import Compatibility, Direction, Finding, Ruled, check
from leftfold.schemas.document import Document, InvalidSchema
from leftfold.schemas.forms import reader_form, writer_form
from leftfold.schemas.reading import Schema, read_schema
from leftfold.schemas.rules import Rule
from leftfold.schemas.verdict import Breaking, Compatible, Unknown, Verdict
from leftfold.schemas.versions import Tombstones, Version, property_digests, tombstones

__all__ = [
    "Breaking",
    "Compatibility",
    "Compatible",
    "Direction",
    "Document",
    "Finding",
    "InvalidSchema",
    "Rule",
    "Ruled",
    "Schema",
    "Tombstones",
    "Unknown",
    "Verdict",
    "Version",
    "check",
    "compare",
    "problems",
    "property_digests",
    "read_schema",
    "reader_form",
    "tombstones",
    "writer_form",
]
