"""`kerasrec update DIR --events URL`."""

import contextlib
import functools
import os
import pathlib
import threading

from kerasrec.cli.duration import duration
from kerasrec.cli.heavy import import_keras
from kerasrec.errors import InputError

NAME = "update"
HELP = "train on new events, and serve the new version if it is no worse than the old one"
# The server on the same machine comes first.
NICE = 10


def add_arguments(parser):
    parser.add_argument("directory", metavar="DIR", help="a model's folder of versions")
    parser.add_argument(
        "--events", required=True, metavar="URL", help="such as sqlite:///events.db"
    )
    parser.add_argument(
        "--run", metavar="RUN", dest="run_folder",
        help="the run of the served version, where no update made it",
    )  # fmt: skip
    parser.add_argument(
        "--days", type=float, help="train on new events of the last so many days (default: all)"
    )
    parser.add_argument("--epochs", type=int, help="default: a third of what the first run needed")
    parser.add_argument(
        "--margin", type=float, default=0.1,
        help="share of the served version's NDCG@10 that may be lost (default: 0.1)",
    )  # fmt: skip
    parser.add_argument(
        "--behavior", action="append", default=[], metavar="NAME",
        help="count events of this behavior (default: of all); may be given several times",
    )  # fmt: skip
    parser.add_argument("--keep", type=int, default=3, help="versions that stay (default: 3)")
    parser.add_argument("--watch", metavar="1h", help="again and again, so much time apart")


def run(arguments, output):
    wait = None if arguments.watch is None else duration(arguments.watch, "--watch")
    if arguments.epochs is not None and arguments.epochs < 1:
        raise InputError(f"--epochs must be at least 1: got {arguments.epochs}")
    with contextlib.suppress(AttributeError, OSError):  # not on Windows
        os.nice(NICE)
    import_keras()
    from kerasrec.update.gate import Gate
    from kerasrec.update.plan import Plan

    plan = Plan(
        days=arguments.days, epochs=arguments.epochs, keep=arguments.keep,
        behaviors=tuple(arguments.behavior),
    )  # fmt: skip
    once = functools.partial(_once, arguments, plan, Gate(margin=arguments.margin), output)
    if wait is None:
        return once()
    while True:
        try:
            once()
        except InputError as error:  # the next one may succeed, such as when the store is back
            output.note(f"kerasrec update: {error}")
        threading.Event().wait(wait)


def _once(arguments, plan, gate, output):
    from kerasrec.events import open_store, read_interactions
    from kerasrec.update.update import update

    with open_store(arguments.events) as store:
        outcome = update(
            pathlib.Path(arguments.directory), functools.partial(read_interactions, store),
            arguments.run_folder, plan, gate, say=output.say, progress=not output.as_json,
        )  # fmt: skip
    if outcome.judgement:
        _show(outcome.judgement, output)
    output.sentence(outcome.sentence)
    output.result(outcome.to_dict())
    return 1 if outcome.refused else 0


def _show(judgement, output):
    rows = [
        [
            row["group"], f"{row['queries']:,}", f"{row['serving']:.4f}", f"{row['new']:.4f}",
            f"{row['difference']:+.4f}", f"[{row['low']:+.4f}, {row['high']:+.4f}]", row["verdict"],
        ]
        for row in judgement.rows
    ]  # fmt: skip
    columns = ["group", "queries", "serving", "new", "change", "interval", "verdict"]
    output.rows(columns, rows, title=f"{judgement.metric} on the latest events")
    cells = [
        [one["check"], *(_short(one[key]) for key in ("serving", "new", "bound")), _kept(one)]
        for one in judgement.checks
    ]
    output.rows(["check", "serving", "new", "bound", ""], cells)


def _short(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _kept(check):
    return "kept" if check["kept"] else "OUT OF BOUNDS"
