"""Answers to all users or items, written to a file with a progress bar."""

import contextlib
import pathlib
import time

from kerasrec.cli.heavy import import_keras
from kerasrec.cli.saved import find_checkpoint, find_export
from kerasrec.errors import InputError
from kerasrec.progress_bar import CountBar

OUTPUT_OPTIONS = ("output", "overwrite")


def add_output_arguments(parser):
    """The arguments of an output for all."""
    parser.add_argument(
        "--output", metavar="FILE.parquet",
        help="where all answers are written; interrupted, the same command continues",
    )  # fmt: skip
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the output, and parts of another request"
    )


def write_all(function, arguments, output, what, **options):
    """Runs `recommend_to_parquet` or `similar_items_to_parquet` on a run or an export.

    Args:
        function: Which of them.
        arguments: Of the command line.
        output: `Output`.
        what: What is answered: "users" or "items".
        **options: Further arguments of the function.
    """
    from kerasrec.batch_inference.parts_folder import check_output, parts_folder

    if not arguments.output:
        raise InputError("the answers to all go to a file: give --output, such as out.parquet")
    path = check_output(arguments.output, arguments.overwrite)
    source = _source(arguments)
    started = time.perf_counter()
    bar = contextlib.nullcontext() if output.as_json else CountBar(f"answering {what}")
    try:
        with bar as progress:
            report = function(
                source, path, k=arguments.k, overwrite=arguments.overwrite, progress=progress,
                trust=arguments.trust, **options,
            )  # fmt: skip
    except KeyboardInterrupt:
        if parts_folder(path).is_dir():
            output.note(f"{parts_folder(path)} keeps what is done: the same command continues")
        raise
    for note in report["notes"]:
        output.note(note)
    minutes = (time.perf_counter() - started) / 60
    resumed = f", {report['resumed']:,} of them before" if report["resumed"] else ""
    output.say(
        f"{path}: {report['rows']:,} rows, up to {report['k']} for each of {report['queries']:,} "
        f"{what}{resumed}, in {minutes:.1f} minutes"
    )
    output.result(report)


def _source(arguments):
    export = find_export(arguments.source)
    if export is not None:
        from kerasrec.cli.one_query import quiet_library

        quiet_library(export)
        return pathlib.Path(export)
    checkpoint = find_checkpoint(arguments.source)
    import_keras()
    from kerasrec.models import load

    return load(checkpoint, trust=arguments.trust)
