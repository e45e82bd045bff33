"""`kerasrec similar-items RUN_OR_EXPORT (ITEM | --all)`."""

from kerasrec.cli.all_queries import OUTPUT_OPTIONS, add_output_arguments, write_all
from kerasrec.cli.ids import read_ids_or_file
from kerasrec.cli.recommend import add_limit_arguments
from kerasrec.errors import InputError

NAME = "similar-items"
ALIASES = ("similar",)
HELP = "show the items that are similar to one, or write those of all items to a file"


def add_arguments(parser):
    parser.add_argument(
        "source", metavar="RUN_OR_EXPORT", help="run or checkpoint folder, or an export"
    )
    parser.add_argument("item", metavar="ITEM", nargs="?", help="id or title of an item")
    parser.add_argument("--all", action="store_true", help="all items, into --output")
    parser.add_argument("-k", type=int, help="how many items (default: 10, or all of fewer)")
    add_limit_arguments(parser)
    add_output_arguments(parser)
    parser.add_argument(
        "--trust", action="store_true",
        help="allow a model class outside kerasrec, and an export with operations of its own",
    )  # fmt: skip


def run(arguments, output):
    if arguments.all == (arguments.item is not None):
        raise InputError("give an item, or --all with --output")
    exclude = read_ids_or_file(arguments.exclude, "--exclude") or []
    allow = read_ids_or_file(arguments.allow, "--allow")
    if arguments.k is not None and arguments.k < 1:
        raise InputError(f"-k must be at least 1: got {arguments.k}")
    if arguments.all:
        from kerasrec.batch_inference import similar_items_to_parquet

        write_all(
            similar_items_to_parquet, arguments, output, "items", exclude=exclude, allow=allow
        )
        return
    for option in OUTPUT_OPTIONS:
        if getattr(arguments, option):
            raise InputError(f"--{option} belongs to --all; one answer is printed")
    from kerasrec.cli.one_item import show_similar

    show_similar(arguments, output, exclude, allow)
