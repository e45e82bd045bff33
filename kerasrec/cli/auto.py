"""`kerasrec auto PATH`."""

import time

from kerasrec.cli.heavy import quiet_start

NAME = "auto"
HELP = "find the best model for a table under a budget of minutes, without a config"


def add_arguments(parser):
    parser.add_argument("path", metavar="PATH", help="CSV or Parquet file, or folder of parts")
    parser.add_argument("--items", metavar="PATH", help="table of item features, a row an item")
    parser.add_argument("--users", metavar="PATH", help="table of user features, a row a user")
    parser.add_argument(
        "--minutes", type=float, default=15.0,
        help="budget of the whole command (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--columns", nargs="+", default=[], metavar="KEY=NAME",
        help="columns that are not to be guessed: user=buyer item=sku timestamp=at",
    )  # fmt: skip
    parser.add_argument("--run-dir", metavar="DIR", help="folder of the run (default: below runs/)")


def run(arguments, output):
    # What is imported takes some of the minutes too.
    started = time.perf_counter()
    with quiet_start():
        from kerasrec.training.auto.auto import auto

    found = auto(
        arguments.path,
        arguments.items,
        arguments.users,
        arguments.columns,
        arguments.minutes,
        arguments.run_dir,
        say=output.say,
        note=output.note,
        started=started,
    )
    output.say()
    output.sentence(found["verdict"]["sentence"])
    output.result(found)
