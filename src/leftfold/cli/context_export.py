"""`leftfold context export`: what an app's contexts declare, as documents."""

from __future__ import annotations

from pathlib import Path

from leftfold.catalog import SUFFIX, descriptors_of, dump_descriptor
from leftfold.catalog.canonical import written
from leftfold.cli.errors import UsageError
from leftfold.cli.options import NOTHING_GIVEN, FileName, Source
from leftfold.cli.output import write_json
from leftfold.cli.running import named_app

__all__ = ["export"]


def export(*, output: FileName | None = None, source: Source = NOTHING_GIVEN) -> None:
    """Write what each context of an app declares, as a descriptor to commit.

    It has the context's relations, what it publishes with fields and schemas, what it takes and reads of that, which
    handler leads to which event, commands, queries, aggregates, and a digest. The same code gives the same text; paths
    are from the working directory on. External contexts on the app's map are written, too. `leftfold catalog merge`
    puts descriptors of many repositories together.

    Args:
        output: The folder to write to, a file NAME.context.json for each; a line of JSON each when left out.
    """
    app = named_app(source)
    found = descriptors_of(app.contexts, app.context_map, root=Path.cwd())
    if output is None:
        write_json(*map(written, found))
        return
    if output.exists() and not output.is_dir():
        raise UsageError(f"--output {output} is a file; name a folder")
    output.mkdir(parents=True, exist_ok=True)
    for one in found:
        file = output / f"{one.name}{SUFFIX}"
        file.write_text(dump_descriptor(one), encoding="utf-8")
        if source.json:
            write_json({"file": str(file)})
        else:
            print(file)
