"""`kerasrec profile RUN --user U`: what the items of a user have in common."""

from kerasrec.cli.ids import IDS, read_ids
from kerasrec.cli.picture import add_picture_argument, picture_path
from kerasrec.cli.saved import find_checkpoint
from kerasrec.errors import InputError

NAME = "profile"
HELP = "show the categories, words, numbers and times of what a user took"


def add_arguments(parser):
    parser.add_argument("source", metavar="RUN", help="run or checkpoint folder")
    query = parser.add_mutually_exclusive_group(required=True)
    query.add_argument("--user", metavar="ID", help="a user of the data")
    query.add_argument("--history", metavar="A,B,C", action="append", help=f"item ids: {IDS}")
    parser.add_argument("-k", type=int, default=5, help="how many values a feature (default: 5)")
    add_picture_argument(parser)
    parser.add_argument("--trust", action="store_true", help="allow a model class outside kerasrec")


def run(arguments, output):
    history = read_ids(arguments.history, "--history")
    if arguments.history is not None and not history:
        raise InputError("--history holds no item id")
    if arguments.k < 1:
        raise InputError(f"-k must be at least 1: got {arguments.k}")
    picture = picture_path(arguments.plot)
    checkpoint = find_checkpoint(arguments.source)
    from kerasrec.cli.heavy import import_keras

    import_keras()
    from kerasrec.models import load

    ranker = load(checkpoint, trust=arguments.trust)
    frame = ranker.profile(arguments.user, history, k=arguments.k)
    rows = frame.to_dict("records")
    whose = "the history" if arguments.user is None else f"user {arguments.user}"
    cells = [[row["feature"], row["value"], f"{row['weight']:.4f}", row["items"]] for row in rows]
    output.rows(list(frame.columns), cells, title=f"Profile of {whose}")
    if picture:
        from kerasrec.models.profiles.plot_bars import plot_bars

        panels = {
            feature: list(zip(part["value"], part["weight"], strict=True))
            for feature, part in frame.groupby("feature", sort=False)
        }
        plot_bars(picture, panels, f"Profile of {whose}", "weight")
        output.say(f"Drawn: {picture}")
    output.result({"user": arguments.user, "history": history, "profile": rows})
