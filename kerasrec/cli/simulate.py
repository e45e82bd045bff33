"""`kerasrec simulate`."""

import pathlib

from kerasrec.cli.heavy import import_keras

NAME = "simulate"
HELP = "ninety days of an invented shop: frozen, updated nightly, exploring, popular"
PERCENT = 100


def add_arguments(parser):
    parser.add_argument("--days", type=int, default=90, help="default: %(default)s")
    parser.add_argument("--people", type=int, default=600, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument(
        "--model", default="ItemKNN", metavar="CLASS",
        help="ItemKNN, Markov or EASE (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--plot", metavar="FILE", help="a PNG of the click-through rate by day")


def run(arguments, output):
    import_keras()
    from kerasrec.simulation.simulate import simulate

    def progress(day):
        if day % 10 == 0 or day == arguments.days:
            output.say(f"day {day} of {arguments.days}")

    found = simulate(
        arguments.people, arguments.days, arguments.seed, arguments.model, progress=progress
    )
    plain = found.to_dict()
    _show(plain, output)
    if arguments.plot:
        from kerasrec.simulation.plot_days import plot_days

        plot_days(pathlib.Path(arguments.plot), found)
        output.say(f"Plot: {arguments.plot}")
    output.result(plain)


def _show(found, output):
    columns = ("shop", "CTR % [95 %]", "minus frozen", "clicks on young books", "minus nightly",
               "nights")  # fmt: skip
    rows = [
        [
            row["shop"], _cell(row["rate"], PERCENT), _cell(row["above"], PERCENT, "+"),
            _cell(row["young"], PERCENT), _cell(row["young_above"], PERCENT, "+"),
            f"{row['promoted']}/{row['promoted'] + row['refused']}",
        ]
        for row in found["shops"]
    ]  # fmt: skip
    title = f"Days {found['first_day']} to {found['days'] - 1}, {found['people']:,} people"
    output.rows(columns, rows, title)
    output.sentence(
        "Young books are under 30 days old, their clicks those of 100 visits. Nights: versions "
        "that were promoted, of those that were made. Intervals are over people."
    )
    off = found["off_policy"]
    output.sentence(
        f"Off-policy: without exploring, the exploring shop would have a CTR of "
        f"{PERCENT * off['true']:.2f} %; estimated from its log by IPS "
        f"{_cell(off['ips'], PERCENT)}, by SNIPS {_cell(off['snips'], PERCENT)}; logged "
        f"{PERCENT * off['logged']:.2f}."
    )


def _cell(value, times, sign=""):
    if value["low"] is None:
        return f"{times * value['mean']:{sign}.2f}"
    low, high = times * value["low"], times * value["high"]
    return f"{times * value['mean']:{sign}.2f} [{low:{sign}.2f}, {high:{sign}.2f}]"
