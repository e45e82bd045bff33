"""`kerasrec search RUN_OR_EXPORT "words"`: items by the words of a search."""

from kerasrec.cli.ids import IDS, read_ids_or_file
from kerasrec.cli.ids import read_ids as given_ids
from kerasrec.cli.recommend import add_limit_arguments
from kerasrec.cli.saved import find_checkpoint, find_export
from kerasrec.errors import InputError
from kerasrec.search_words import check_search

NAME = "search"
HELP = "find items by words, alone or in the order for a user"


def add_arguments(parser):
    parser.add_argument(
        "source", metavar="RUN_OR_EXPORT", help="run or checkpoint folder, or an export"
    )
    parser.add_argument("text", metavar="WORDS", help="the words, as one argument: 'green tea'")
    query = parser.add_mutually_exclusive_group()
    query.add_argument("--user", metavar="ID", help="a user, whose order is fused with the words'")
    query.add_argument(
        "--history", metavar="A,B,C", action="append", help=f"instead, item ids: {IDS}"
    )
    parser.add_argument("-k", type=int, help="how many items (default: 10, or all of fewer)")
    add_limit_arguments(parser)
    parser.add_argument(
        "--trust", action="store_true",
        help="allow a model class outside kerasrec, and an export with operations of its own",
    )  # fmt: skip


def run(arguments, output):
    check_search(arguments.text)
    history = given_ids(arguments.history, "--history")
    if arguments.history is not None and not history:
        raise InputError("--history holds no item id")
    if arguments.k is not None and arguments.k < 1:
        raise InputError(f"-k must be at least 1: got {arguments.k}")
    exclude = read_ids_or_file(arguments.exclude, "--exclude") or []
    allow = read_ids_or_file(arguments.allow, "--allow")
    export = find_export(arguments.source)
    from kerasrec.cli.one_search import from_checkpoint, from_export

    asked = arguments, history, exclude, allow
    if export is None:
        rows, notes = from_checkpoint(find_checkpoint(arguments.source), *asked)
    else:
        rows, notes = from_export(export, *asked)
    for note in notes:
        output.note(note)
    columns = ["rank", "item", "score", "title"]
    cells = [[row["rank"], row["item"], f"{row['score']:.4f}", row["title"]] for row in rows]
    output.rows(columns, cells)
    output.result({"text": arguments.text, "user": arguments.user, "history": history,
                   "found": rows, "notes": notes})  # fmt: skip
