"""The `kerasrec` command. A subcommand imports what is slow to import only when it runs."""

import argparse
import os

import kerasrec
from kerasrec.cli import (
    auto,
    clusters,
    compare,
    describe,
    evaluate,
    events,
    export,
    fit,
    inspect,
    listing,
    new_model,
    profile,
    quickstart,
    recommend,
    report,
    rollback,
    search,
    serve,
    similar_items,
    simulate,
    tune,
    update,
    verify,
)
from kerasrec.cli.output import Output
from kerasrec.cli.streams import CUT, tolerant_streams
from kerasrec.errors import InputError

COMMANDS = (
    auto,
    quickstart,
    describe,
    fit,
    compare,
    tune,
    evaluate,
    recommend,
    similar_items,
    search,
    profile,
    clusters,
    export,
    inspect,
    verify,
    serve,
    update,
    rollback,
    events,
    report,
    simulate,
    listing,
    new_model,
)


def main(argv=None):
    """Runs the `kerasrec` command.

    Args:
        argv: Arguments without the program's name; those of the process if None.

    Returns:
        The exit status: 0; 1 where one of several models failed; 2 for wrong input, which stderr
        names; 130 after Ctrl-C. If all was done but stdout could not be written, 141 where it was
        closed, as by `| head`, else 1.
    """
    with tolerant_streams() as out:
        status = _main(argv)
        out.flush()
        if status or not out.error:
            return status
        if isinstance(out.error, BrokenPipeError):
            return CUT
        Output().note(f"kerasrec: stdout could not be written to its end: {out.error}")
        return 1


def _main(argv):
    parser = _parser()
    arguments, rest = parser.parse_known_args(argv)
    # argparse ends a list of positional arguments at the first option after it.
    changes = [one for one in rest if "=" in one and not one.startswith("-")]
    if rest and (not hasattr(arguments, "overrides") or len(changes) < len(rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if changes:
        arguments.overrides = [*arguments.overrides, *changes]
    # TensorFlow reads this variable once, when it is imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    output = Output(arguments.json)
    try:
        return arguments.run(arguments, output) or 0
    except InputError as error:
        output.note(f"kerasrec {arguments.command}: {error}")
        return 2
    except KeyboardInterrupt:
        output.note("stopped")
        return 130


def _parser():
    parser = argparse.ArgumentParser(
        prog="kerasrec", description="Recommenders for Keras 3: from a table to a served model."
    )
    parser.add_argument("--version", action="version", version=f"kerasrec {kerasrec.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        aliases = getattr(module, "ALIASES", ())
        command = commands.add_parser(
            module.NAME, aliases=aliases, help=module.HELP, description=module.HELP
        )
        command.add_argument("--json", action="store_true", help="one JSON object on stdout")
        module.add_arguments(command)
        command.set_defaults(run=module.run, command=module.NAME)
    return parser
