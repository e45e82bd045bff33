"""`kerasrec describe PATH`."""

import pathlib
import textwrap

from kerasrec.errors import InputError

NAME = "describe"
HELP = "show what is in a table of interactions, before anything is trained"
WIDTH = 80
BAR = 40  # columns of the longest bar of a plot
QUANTILES = ("least", "median", "p90", "p99", "most")
# Rows read by which the format of times is guessed.
SAMPLE = 200


def add_arguments(parser):
    parser.add_argument("path", metavar="PATH", help="CSV or Parquet file, or folder of parts")
    parser.add_argument(
        "--columns", nargs="+", default=[], metavar="KEY=NAME",
        help="columns that are not to be guessed: user=buyer item=sku timestamp=at",
    )  # fmt: skip
    parser.add_argument("--separator", help="of a text file (default: guessed)")


def run(arguments, output):
    from kerasrec.data.description import Description
    from kerasrec.data.interactions import Interactions
    from kerasrec.data.table_files import is_parquet

    path = pathlib.Path(arguments.path)
    _check_no_prepared_folder(path)
    with output.busy(f"reading {path}"):
        options, clean, guessed, unused = _options(path, arguments)
        read = Interactions.from_parquet if is_parquet(path) else Interactions.from_csv
        data = read(path, on_error="drop", clean=clean, **options)
    with output.busy(f"counting {len(data):,} rows"):
        about = Description.of(data)
    config = _config(path, options, clean, about)
    if not output.as_json:
        _say(output, options["columns"], guessed, unused, clean, about, config)
    columns = {"columns": options["columns"], "unused": unused}
    output.result({**about.to_dict(), **columns, "yaml": config})


def _check_no_prepared_folder(path):
    if (path / "manifest.json").is_file():
        raise InputError(
            f"{path}: a prepared folder, which holds rows in place of ids. Describe the table that "
            "it was made of; kerasrec fit takes the folder as data.prepared."
        )


def _options(path, arguments):
    """The arguments of reading, options of `clean`, the keys that were guessed, the other columns.

    Each of the other columns has a value as an example.
    """
    from kerasrec.data.guess_columns import NAMES, guess_columns, guess_time_format
    from kerasrec.data.parquet_parts import ParquetParts
    from kerasrec.data.table_files import is_parquet
    from kerasrec.data.text_table import first_rows

    given = dict(_given(text, NAMES) for text in arguments.columns)
    if is_parquet(path):
        separator, sample = None, ParquetParts(path).first_rows(SAMPLE)
    else:
        separator, sample = first_rows(path, SAMPLE, arguments.separator)
    header = list(sample.columns)
    guessed = guess_columns(str(path), header, given)
    guessed = {key: name for key, name in guessed.items() if key not in given}
    options = {"columns": {**guessed, **given}}
    if separator is not None:
        options["separator"] = separator
    clean = {}
    time = options["columns"].get("timestamp")
    if time in header and (written := guess_time_format(sample[time])):
        clean["time_format"] = written
    value = options["columns"].get("value")
    if value in guessed.values() and value in header and not _is_number(sample[value]):
        # A guess that does not hold is no reason to refuse the table.
        del options["columns"]["value"], guessed["value"]
    read = set(options["columns"].values())
    unused = {str(name): _example(sample[name]) for name in header if name not in read}
    return options, clean, guessed, unused


def _example(values):
    values = values.dropna()
    return str(values.iloc[0]) if len(values) else ""


def _given(text, names):
    key, equals, name = text.partition("=")
    if not equals or key not in names or not name:
        raise InputError(
            f"--columns {text}: expected KEY=NAME, where KEY is one of {', '.join(names)}."
        )
    return key, name


def _is_number(values):
    import pandas as pd

    return pd.to_numeric(values.dropna(), errors="coerce").notna().all()


def _config(path, options, clean, about):
    """A config that `kerasrec fit` takes."""
    import yaml

    timed = about.report.first_time is not None
    clean = dict(clean)
    if about.bot_count:
        clean["max_events_per_minute"] = 60
    if about.improbable_count:
        clean["max_events_per_user"] = max(1000, round(about.users["p99"]))
    data = {"path": path.as_posix(), "columns": dict(options["columns"])}
    if options.get("separator", ",") != ",":
        data["separator"] = options["separator"]
    if about.report.dropped:
        data["on_error"] = "drop"
    if clean:
        data["clean"] = clean
    config = {
        "data": data,
        "split": {"protocol": "next-item"},
        "model": {"class": "SASRec" if timed else "MatrixFactorization"},
        "train": {"epochs": 20},
    }
    if about.repeated * 5 > about.report.interactions:
        config["evaluate"] = {"repeats": "allow"}
    return yaml.safe_dump(config, sort_keys=False, default_flow_style=None, width=WIDTH)


def _say(output, columns, guessed, unused, clean, about, config):
    notes = {key: "guessed by its name" if key in guessed else "given" for key in columns}
    if "time_format" in clean:
        notes["timestamp"] += f", written as {clean['time_format']}"
    output.say("Columns")
    for key, name in columns.items():
        output.say(_cut(f"  {key:10s} {name}  ({notes[key]})"))
    for name, example in unused.items():
        output.say(_cut(f"  not read   {name}  (such as {example!r})"))
    if "timestamp" not in columns and unused:
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
