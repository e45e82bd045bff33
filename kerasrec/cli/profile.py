"""`kerasrec profile RUN_OR_EXPORT --user U`: what the items of a user have in common."""

import math

from kerasrec.cli.ids import IDS, read_ids
from kerasrec.cli.picture import add_picture_argument, picture_path
from kerasrec.cli.saved import find_checkpoint, find_export
from kerasrec.cli.values import add_values_argument, read_values
from kerasrec.errors import InputError

NAME = "profile"
HELP = "show the categories, words, numbers and times of what a user took"
COLUMNS = ("feature", "value", "weight", "items")


def add_arguments(parser):
    parser.add_argument(
        "source", metavar="RUN_OR_EXPORT", help="run or checkpoint folder, or an export"
    )
    query = parser.add_mutually_exclusive_group(required=True)
    query.add_argument("--user", metavar="ID", help="a user of the data")
    query.add_argument("--history", metavar="A,B,C", action="append", help=f"item ids: {IDS}")
    add_values_argument(parser, "a weight of each item of --history, between commas: 4,5")
    parser.add_argument("-k", type=int, default=5, help="how many values a feature (default: 5)")
    add_picture_argument(parser)
    parser.add_argument(
        "--trust", action="store_true",
        help="allow a model class outside kerasrec, and an export with operations of its own",
    )  # fmt: skip


def run(arguments, output):
    history = read_ids(arguments.history, "--history")
    if arguments.history is not None and not history:
        raise InputError("--history holds no item id")
    values = read_values(arguments.values, history)
    if values is not None and None in values:
        raise InputError("--values: expected a weight for each item of --history")
    if arguments.k < 1:
        raise InputError(f"-k must be at least 1: got {arguments.k}")
    picture = picture_path(arguments.plot)
    export = find_export(arguments.source)
    answer = _from_checkpoint if export is None else _from_export
    rows = answer(export, arguments, history, values)
    whose = "the history" if arguments.user is None else f"user {arguments.user}"
    cells = [[row["feature"], row["value"], f"{row['weight']:.4f}", row["items"]] for row in rows]
    output.rows(list(COLUMNS), cells, title=f"Profile of {whose}")
    if picture:
        from kerasrec.models.profiles.plot_bars import plot_bars

        panels = {}
        for row in rows:
            panels.setdefault(row["feature"], []).append((row["value"], row["weight"]))
        plot_bars(picture, panels, f"Profile of {whose}", "weight")
        output.say(f"Drawn: {picture}")
    output.result({"user": arguments.user, "history": history, "profile": rows})


def _from_checkpoint(_, arguments, history, values):
    checkpoint = find_checkpoint(arguments.source)
    from kerasrec.cli.heavy import import_keras

    import_keras()
    from kerasrec.models import load

    model = load(checkpoint, trust=arguments.trust)
    frame = model.profile(arguments.user, history, values, k=arguments.k)
    return frame.to_dict("records")


def _from_export(export, arguments, history, values):
    from kerasrec.cli.one_query import load_export, run_export

    loaded, _ = load_export(export, arguments.trust)
    with loaded:
        if NAME not in loaded.signatures:
            raise InputError(f"{export} has no signature profile: it keeps no item features")
        request = {"user": [arguments.user]} if history is None else {"history": [history]}
        if "user" in request and "user" not in loaded.signatures[NAME].inputs:
            raise InputError(f"{export} holds no histories of users: give --history")
        if values is not None:
            request["item_weight"] = [[math.nan if one is None else one for one in values]]
        answer = {name: column[0] for name, column in run_export(loaded, NAME, request).items()}
    rows, counts = [], {}
    for feature, value, weight, items in zip(*(answer[name] for name in COLUMNS), strict=True):
        counts[feature] = counts.get(feature, 0) + 1
        if value and counts[feature] <= arguments.k:
            one = feature.decode(), value.decode(), float(weight), int(items)
            rows.append(dict(zip(COLUMNS, one, strict=True)))
    if not rows:
        whose = "given" if arguments.user is None else f"of the user {arguments.user!r}"
        raise InputError(f"the history {whose} has no item that the model knows: nothing to show")
    return rows
