"""`kerasrec describe PATH`."""

import pathlib
import textwrap

from kerasrec.errors import InputError

NAME = "describe"
HELP = "show what is in a table of interactions, before anything is trained"
WIDTH = 80
BAR = 40  # columns of the longest bar of a plot
QUANTILES = ("least", "median", "p90", "p99", "most")


def add_arguments(parser):
    parser.add_argument("path", metavar="PATH", help="CSV or Parquet file, or folder of parts")
    parser.add_argument(
        "--columns", nargs="+", default=[], metavar="KEY=NAME",
        help="columns that are not to be guessed: user=buyer item=sku timestamp=at",
    )  # fmt: skip
    parser.add_argument("--separator", help="of a text file (default: guessed)")


def run(arguments, output):
    from kerasrec.data.description import Description
    from kerasrec.data.guess_table import guess_table
    from kerasrec.data.interactions import Interactions
    from kerasrec.data.table_files import is_parquet

    path = pathlib.Path(arguments.path)
    _check_no_prepared_folder(path)
    with output.busy(f"reading {path}"):
        table = guess_table(path, arguments.columns, arguments.separator)
        options = {"columns": table.columns, "clean": table.clean, "on_error": "drop"}
        if is_parquet(path):
            data = Interactions.from_parquet(path, **options)
        else:
            data = Interactions.from_csv(path, separator=table.separator, **options)
    with output.busy(f"counting {len(data):,} rows"):
        about = Description.of(data)
    config = _config(table, about)
    if not output.as_json:
        _say(output, table, about, config)
    columns = {"columns": table.columns, "unused": table.unused}
    output.result({**about.to_dict(), **columns, "yaml": config})


def _check_no_prepared_folder(path):
    if (path / "manifest.json").is_file():
        raise InputError(
            f"{path}: a prepared folder, which holds rows in place of ids. Describe the table that "
            "it was made of; kerasrec fit takes the folder as data.prepared."
        )


def _config(table, about):
    """A config that `kerasrec fit` takes."""
    import yaml

    timed = about.report.first_time is not None
    config = {
        "data": table.node(about),
        "split": {"protocol": "next-item"},
        "model": {"class": "SASRec" if timed else "MatrixFactorization"},
        "train": {"epochs": 20},
    }
    if about.repeats_matter:
        config["evaluate"] = {"repeats": "allow"}
    return yaml.safe_dump(config, sort_keys=False, default_flow_style=None, width=WIDTH)


def _say(output, table, about, config):
    output.say("Columns")
    for line in table.lines():
        output.say(_cut(line))
    if "timestamp" not in table.columns and table.unused:
        output.say(
            "  Without times the rows count as sorted; name them by --columns timestamp=NAME."
        )
    output.say()
    for line in about.report.lines():
        output.say(_wrapped(line))
    if about.repeated:
        share = about.repeated / about.report.interactions
        line = f"{about.repeated:,} rows ({share:.1%}) are of an item that the user had before."
        output.say(line)
    for title, counts in (("Events of a user", about.users), ("Events of an item", about.items)):
        output.say()
        for line in plot(title, counts):
            output.say(line)
    output.say()
    for line in _warnings(about):
        output.say(_wrapped(line))
    output.say("A config for `kerasrec fit`:")
    output.say()
    output.say(config.rstrip())


def _wrapped(line):
    return textwrap.fill(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def plot(title, counts):
    """Lines of at most 80 columns: the quantiles of a count, and bars of its histogram.

    >>> bars = [{"from": 1, "to": 1, "count": 40}, {"from": 2, "to": 2, "count": 3}]
    >>> counts = {"least": 1, "median": 1, "p90": 1, "p99": 2, "most": 2, "histogram": bars}
    >>> print("\\n".join(plot("Events of a user", counts)))
    Events of a user: least 1, median 1, p90 1, p99 2, most 2
           1  ######################################## 40
           2  ### 3
    """
    named = ", ".join(
        f"{name} {counts[name]:,.0f}" for name in ("least", "median", "p90", "p99", "most")
    )
    bars = counts["histogram"]
    labels = [
        f"{bar['from']:,}" if bar["from"] == bar["to"] else f"{bar['from']:,}-{bar['to']:,}"
        for bar in bars
    ]
    width, most = max(8, *map(len, labels)), max(bar["count"] for bar in bars)
    lines = [f"{title}: {named}"]
    for label, bar in zip(labels, bars, strict=True):
        # Somebody is never nobody.
        length = max(round(BAR * bar["count"] / most), bar["count"] > 0)
        lines.append(f"{label:>{width}s}  {'#' * length} {bar['count']:,}")
    return [_cut(line) for line in lines]


def _warnings(about):
    """Sentences on what to look at before a training."""
    lines = []
    for count, found, what in (
        (about.bot_count, about.bots, "more than 60 events within a minute"),
        (about.improbable_count, about.improbable, "improbably many events"),
    ):
        if count:
            users = "1 user has" if count == 1 else f"{count:,} users have"
            named = ", ".join(f"{user} ({events:,})" for user, events in found.items())
            lines.append(f"{users} {what}: {named}{', ...' if count > len(found) else ''}.")
    if about.leak and about.leak["rows"]:
        rows, of = about.leak["rows"], about.leak["of"]
        lines.append(
            f"{rows:,} of the latest {of:,} rows ({rows / of:.1%}) repeat a user and an item of "
            "the rows before: a split by time has them on both sides."
        )
    return [*lines, ""] if lines else []


def _cut(line):
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
