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
    title = f"Days {found['first_day']} to {found['days'] - 1}, {found['people']:,} people, 95 %"
    rows = [
        [row["shop"], _cell(row["rate"]), _cell(row["above"], "+"), _nights(row)]
        for row in found["shops"]
    ]
    output.rows(("shop", "clicks of 100 impressions", "minus frozen", "nights"), rows, title)
    rows = [
        [row["shop"], _cell(row["young"]), _cell(row["young_above"], "+"),
         f"{row['young_shown']:.1%}"]
        for row in found["shops"]
    ]  # fmt: skip
    columns = ("shop", "clicks in 100 visits", "minus nightly", "share of impressions")
    output.rows(columns, rows, "Books under 30 days old")
    output.sentence(
        "Nights: versions that the gate let pass, of those that were made. Intervals are over "
        "people, the same in all shops."
    )
    off = found["off_policy"]
    output.sentence(
        f"Off-policy: without exploring, the exploring shop would have a CTR of "
        f"{PERCENT * off['true']:.2f} %; estimated from its log by IPS "
        f"{_cell(off['ips'])}, by SNIPS {_cell(off['snips'])}; logged "
        f"{PERCENT * off['logged']:.2f}."
    )


def _nights(row):
    return f"{row['promoted']} of {row['promoted'] + row['refused']}"


def _cell(value, sign=""):
    mean, low, high = (
        None if value[key] is None else f"{PERCENT * value[key]:{sign}.2f}"
        for key in ("mean", "low", "high")
    )
    return mean if low is None else f"{mean} [{low}, {high}]"
