"""What there is: every context that anybody describes, who reads what of whom, and what a change leads to.

In: contexts, and descriptors, maps and pages as files. Out: a catalog, findings about it, impact, drawings.
May import: errors, messages, domain, processes, integration, contexts, flow, borders.
"""

from leftfold.catalog.canonical import dump_descriptor, normalised, with_digest
from leftfold.catalog.catalog import Catalog, Neighbours, Pattern, Taken
from leftfold.catalog.checking import catalog_findings
from leftfold.catalog.cml_reading import load_cml, read_cml
from leftfold.catalog.cml_writing import cml_text
from leftfold.catalog.describing import descriptors_of
from leftfold.catalog.descriptor import FORMAT, Consumption, Descriptor, Emission, Handler, Imported, Published
from leftfold.catalog.errors import InvalidCatalogFile, NewerFormat, UnknownSubject
from leftfold.catalog.event_catalog import read_event_catalog
from leftfold.catalog.impact import Approval, Basis, Change, Evidence, Hit, Impact, Outcome, Spared
from leftfold.catalog.map_graph import MOST_AT_ONCE, LinkKind, MapGraph, MapLink, MapNode, map_graph
from leftfold.catalog.map_svg import svg_map
from leftfold.catalog.map_text import dot_map, matrix_map, mermaid_map
from leftfold.catalog.reading import SUFFIX, descriptors_in, dump_catalog, load_descriptors, read_descriptors
from leftfold.catalog.spreading import impact
from leftfold.catalog.subject import Subject, SubjectKind, subject_of

__all__ = [
    "FORMAT",
    "MOST_AT_ONCE",
    "SUFFIX",
    "Approval",
    "Basis",
    "Catalog",
    "Change",
    "Consumption",
    "Descriptor",
    "Emission",
    "Evidence",
    "Handler",
    "Hit",
    "Impact",
    "Imported",
    "InvalidCatalogFile",
    "LinkKind",
    "MapGraph",
    "MapLink",
    "MapNode",
    "Neighbours",
    "NewerFormat",
    "Outcome",
    "Pattern",
    "Published",
    "Spared",
    "Subject",
    "SubjectKind",
    "Taken",
    "UnknownSubject",
    "catalog_findings",
    "cml_text",
    "descriptors_in",
    "descriptors_of",
    "dot_map",
    "dump_catalog",
    "dump_descriptor",
    "impact",
    "load_cml",
    "load_descriptors",
    "map_graph",
    "matrix_map",
    "mermaid_map",
    "normalised",
    "read_cml",
    "read_descriptors",
    "read_event_catalog",
    "subject_of",
    "svg_map",
    "with_digest",
]
