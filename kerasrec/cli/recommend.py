"""`kerasrec recommend RUN_OR_EXPORT`: to one user, after some items, or to all users at once."""

from kerasrec.cli.all_queries import OUTPUT_OPTIONS, add_output_arguments, write_all
from kerasrec.cli.context import add_context_argument, read_context
from kerasrec.cli.ids import IDS, read_ids, read_ids_or_file
from kerasrec.cli.saved import find_checkpoint, find_export
from kerasrec.cli.values import add_values_argument, read_values
from kerasrec.errors import InputError
from kerasrec.id_list import id_factors

NAME = "recommend"
HELP = "recommend items to a user, after some items, or to all users at once"


def add_arguments(parser):
    parser.add_argument(
        "source", metavar="RUN_OR_EXPORT",
        help="run or checkpoint folder, or an export (a version, or the folder of a model's "
        "versions)",
    )  # fmt: skip
    query = parser.add_mutually_exclusive_group(required=True)
    query.add_argument("--user", metavar="ID", help="a user of the data")
    query.add_argument(
        "--history", metavar="A,B,C", action="append", help=f"item ids, the latest last: {IDS}"
    )
    query.add_argument("--item", metavar="ID", help="as `kerasrec similar RUN_OR_EXPORT ID`")
    query.add_argument("--all-users", action="store_true", help="all users of the train part")
    query.add_argument(
        "--users", metavar="FILE",
        help="user ids: a Parquet, CSV or TSV file with a column user, and columns of features "
        "of the request if any; else one id a line",
    )  # fmt: skip
    query.add_argument(
        "--histories", metavar="FILE",
        help="Parquet with a column history, a list of item ids in each row; user, behavior and "
        "timestamp are read where they are there; so are features of the request",
    )  # fmt: skip
    add_values_argument(parser)
    parser.add_argument("-k", type=int, help="how many items (default: 10, or all of fewer)")
    add_limit_arguments(parser)
    parser.add_argument(
        "--pin", metavar="A,B", action="append",
        help=f"item ids that come first, in this order, where the model has rules: {IDS}",
    )  # fmt: skip
    parser.add_argument(
        "--boost", metavar="ITEM=FACTOR", action="append", default=[],
        help="multiplies the relevance of an item, once for each, where the model has rules",
    )  # fmt: skip
    add_context_argument(parser)
    parser.add_argument(
        "--repeats", choices=("mask", "allow"),
        help="leave out what is in the history, or not (default: evaluate.repeats of the run)",
    )  # fmt: skip
    parser.add_argument(
        "--explain",
        action="store_true",
        help="show what each score comes from: items of the history, behavior and content",
    )
    parser.add_argument(
        "--probabilities", action="store_true",
        help="also show the probability of label 1, of a model that learned labels",
    )  # fmt: skip
    add_output_arguments(parser)
    parser.add_argument(
        "--trust", action="store_true",
        help="allow a model class outside kerasrec, and an export with operations of its own",
    )  # fmt: skip


def add_limit_arguments(parser):
    """The arguments that say which items may be answered."""
    for name, words in (("exclude", "not to recommend"), ("allow", "that alone may be answered")):
        parser.add_argument(
            f"--{name}", metavar="A,B|FILE", action="append",
            help=f"item ids {words}, between commas, or a file: .txt with one id a line, or "
            ".parquet, .csv, .tsv with a column item",
        )  # fmt: skip


def run(arguments, output):
    exclude = read_ids_or_file(arguments.exclude, "--exclude") or []
    allow = read_ids_or_file(arguments.allow, "--allow")
    context = read_context(arguments.context)
    of_user = read_context(arguments.user_feature, "--user-feature")
    wishes = {"pin": read_ids(arguments.pin, "--pin"), "boost": _read_boost(arguments.boost)}
    wishes = {name: given for name, given in wishes.items() if given}
    if arguments.k is not None and arguments.k < 1:
        raise InputError(f"-k must be at least 1: got {arguments.k}")
    if arguments.values is not None and arguments.history is None:
        raise InputError("--values belong to --history: give both, or leave --values out")
    if arguments.all_users or arguments.users or arguments.histories:
        from kerasrec.batch_inference import recommend_to_parquet

        if of_user:
            raise InputError("--user-feature is of one user: give --user or --history with it")
        write_all(
            recommend_to_parquet, arguments, output, "users", exclude=exclude, allow=allow,
            users=arguments.users, histories=arguments.histories, repeats=arguments.repeats,
            explain=arguments.explain, context=context, probabilities=arguments.probabilities,
            **wishes,
        )  # fmt: skip
        return
    for option in OUTPUT_OPTIONS:
        if getattr(arguments, option):
            raise InputError(
                f"--{option} belongs to --all-users, --users and --histories; one answer is "
                "printed, with --json for programs"
            )
    if arguments.item is not None:
        options = ("repeats", "explain", "context", "user-feature", "pin", "boost", "probabilities")
        for option in options:
            if getattr(arguments, option.replace("-", "_")):
                raise InputError(f"--{option} does not go with --item, which reads no history")
        from kerasrec.cli.one_item import show_similar

        show_similar(arguments, output, exclude, allow)
        return
    _show(arguments, output, exclude, allow, {"context": context, "user_features": of_user}, wishes)


def _read_boost(values):
    """Item id -> factor of each `ITEM=FACTOR`; an id may hold "=" too."""
    found = {}
    for text in values:
        item, _, factor = text.rpartition("=")
        try:
            number = float(factor)
        except ValueError:
            number = None
        if not item or number is None:
            raise InputError(f"--boost {text}: expected ITEM=FACTOR, such as book-17=1.5")
        if item in found:
            raise InputError(f"--boost {item} is given twice: give one factor for an item")
        found[item] = number
    return id_factors(found, "--boost")


def _show(arguments, output, exclude, allow, features, wishes):
    from kerasrec.cli.one_query import from_checkpoint, from_export

    history = read_ids(arguments.history, "--history")
    if arguments.history is not None and not history:
        raise InputError("--history holds no item id")
    values = read_values(arguments.values, history)
    export = find_export(arguments.source)
    asked = arguments, history, values, exclude, allow, features, wishes
    if export is None:
        rows, notes = from_checkpoint(find_checkpoint(arguments.source), *asked)
    else:
        rows, notes = from_export(export, *asked)
    for note in notes:
        output.note(note)
    columns = list(rows[0]) if rows else ["rank", "item", "score"]
    output.rows(columns, [[_cell(row[name]) for name in columns] for row in rows])
    output.result(
        {"user": arguments.user, "history": history, "recommendations": rows, "notes": notes}
    )


def _cell(value):
    if isinstance(value, list):
        return "; ".join(f"{_name(one)} {one['contribution']:+.2f}" for one in value)
    return f"{value:.4f}" if isinstance(value, float) else value


def _name(reason):
    keys = ("title", "word", "group", "item")
    return next(reason[key] for key in keys if reason.get(key))
