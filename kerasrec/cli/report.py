"""`kerasrec report EVENTS`."""

import pathlib

from kerasrec.cli.event_options import read_hash
from kerasrec.cli.heavy import quiet_start
from kerasrec.errors import InputError

NAME = "report"
HELP = "click rates by version with intervals, a test that may be read daily, and drift"
PERCENT = 100
HASHED = (
    "the events have hashed users (`kerasrec serve --no-users`): hash those of --train, by the key "
    "in FILE or in KERASREC_EVENTS_KEY"
)


def add_arguments(parser):
    parser.add_argument(
        "events", metavar="EVENTS",
        help="URL of a store of events, or a folder with impressions.parquet and "
        "interactions.parquet",
    )  # fmt: skip
    parser.add_argument("--days", type=int, help="only the last days (default: all)")
    parser.add_argument(
        "--train", metavar="FILE",
        help="Parquet or CSV with user, item and timestamp that the model was trained on: for "
        "drift, and groups by new users and the age of items",
    )  # fmt: skip
    parser.add_argument(
        "--shares", metavar="NAME=SHARE,...",
        help="shares of the people that the versions were to serve, such as 3=90,4=10: tests them",
    )  # fmt: skip
    parser.add_argument("--baseline", metavar="VERSION", help="default: the one shown most often")
    parser.add_argument("--click", default="click", help="the behavior that counts as a click")
    parser.add_argument("--no-users", metavar="FILE", nargs="?", const="", help=HASHED)
    parser.add_argument("--plot", metavar="FILE", help="a PNG of the rates by day")
    parser.add_argument(
        "--drift-above", type=float, metavar="X",
        help="exit with status 1 if the drift of the last week is above X, from 0 to 1",
    )  # fmt: skip


def run(arguments, output):
    limit = arguments.drift_above
    if limit is not None and not 0 <= limit <= 1:
        raise InputError(f"--drift-above must be from 0 to 1, such as 0.2: got {limit}")
    if limit is not None and not arguments.train:
        raise InputError("--drift-above needs --train, the table the model was trained on")
    if arguments.days is not None and arguments.days < 1:
        raise InputError(f"--days must be at least 1: got {arguments.days}")
    with quiet_start():
        from kerasrec.cli.event_frames import event_frames, table
        from kerasrec.reporting import online_report
        from kerasrec.serving.version_shares import parse_shares

    shares = parse_shares(arguments.shares) if arguments.shares else None
    train = table(arguments.train) if arguments.train else None
    if train is not None and (hashed := read_hash(arguments.no_users)) and "user" in train:
        train["user"] = [hashed.user(str(one)) for one in train["user"]]
    frames = event_frames(arguments.events, arguments.days, arguments.click)
    report = online_report(*frames, train, shares, arguments.baseline, arguments.click)
    _print(report, output)
    if arguments.plot:
        from kerasrec.reporting.plot_report import plot_report

        plot_report(pathlib.Path(arguments.plot), report)
        output.say(f"Plot: {arguments.plot}")
    output.result(report.to_dict())
    found = report.drift and report.drift["drift"]
    if limit is not None and found is not None and found > limit:
        output.note(f"kerasrec report: the drift {found:.3f} is above {limit:g}")
        return 1
    return 0


def _print(report, output):
    output.say(
        f"{report.impressions:,} impressions of {report.requests:,} requests to {report.people:,} "
        f"people, {report.first_day} to {report.last_day}."
    )
    columns = ("", "impressions", "clicks", "people", "click rate [95 %]")
    for title, rows in (
        ("By version", report.versions), ("By position", report.positions),
        ("By group", report.groups),
    ):  # fmt: skip
        if rows:
            output.rows(columns, [_cells(row) for row in rows], title)
    weeks = ("week from", "impressions", "click rate", "interactions", "hit rate", "MRR")
    keys = ("week", "impressions", "rate", "interactions", "hit_rate", "mrr")
    output.rows(weeks, [[_cell(row[key]) for key in keys] for row in report.weeks], "By week")
    for line in _sentences(report):
        output.sentence(line)


def _sentences(report):
    for version, looks in report.tests.items():
        name = f"Version {version} minus {report.baseline}"
        if not looks:
            yield f"{name}: too few clicks for a test yet."
            continue
        last = looks[-1]
        low, high = (PERCENT * last[end] for end in ("low", "high"))
        verdict = "they differ" if last["p"] < 0.05 else "no difference is shown yet"
        yield (
            f"{name}: {PERCENT * last['difference']:+.3f} points [{low:+.3f}, {high:+.3f}], "
            f"p {last['p']:.3g}, valid at each of {len(looks)} daily looks: {verdict}."
        )
    if report.ratio:
        fault = "MISMATCH: trust nothing above" if report.ratio["mismatch"] else "as asked for"
        yield f"Sample ratio: p {report.ratio['p']:.3g}, {fault}."
    if report.several and report.tests:
        yield f"{report.several:,} people saw several versions."
    found = report.drift
    if found and found["drift"] is not None:
        week = report.weeks[-1]
        yield (
            f"Drift of the last week: {found['drift']:.3f}. Unknown users "
            f"{found['unknown_users']:.1%}, unknown items {found['unknown_items']:.1%}, divergence "
            f"of popularity {found['divergence']:.3f} ({found['divergence_by_chance']:.3f} by "
            f"chance), hit rate {_cell(week['hit_rate'])}, MRR {_cell(week['mrr'])}."
        )
    yield from (f"Note: {note}." for note in report.notes)


def _cells(row):
    interval = "" if row["low"] is None else f" [{row['low']:.2%}, {row['high']:.2%}]"
    counts = (f"{row[key]:,}" for key in ("impressions", "clicks", "people"))
    return (row["group"], *counts, f"{row['rate']:.2%}{interval}")


def _cell(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4f}"
    return value if isinstance(value, str) else f"{value:,}"
