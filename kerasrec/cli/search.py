"""`kerasrec search RUN_OR_EXPORT "words"`: items by the words of a search."""

import warnings

from kerasrec.batch_inference.export_files import export_k, read_ids, titles_of
from kerasrec.cli.heavy import import_keras
from kerasrec.cli.ids import IDS, read_ids_or_file
from kerasrec.cli.ids import read_ids as given_ids
from kerasrec.cli.one_query import load_export, run_export, unknown_notes
from kerasrec.cli.recommend import add_limit_arguments
from kerasrec.cli.saved import find_checkpoint, find_export
from kerasrec.errors import InputError
from kerasrec.search_words import check_search, search_notes

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
    answer = _from_checkpoint if export is None else _from_export
    rows, notes = answer(export, arguments, history, exclude, allow)
    for note in notes:
        output.note(note)
    columns = ["rank", "item", "score", "title"]
    cells = [[row["rank"], row["item"], f"{row['score']:.4f}", row["title"]] for row in rows]
    output.rows(columns, cells)
    output.result({"text": arguments.text, "user": arguments.user, "history": history,
                   "found": rows, "notes": notes})  # fmt: skip


def _from_checkpoint(_, arguments, history, exclude, allow):
    checkpoint = find_checkpoint(arguments.source)
    import_keras()
    from kerasrec.models import load

    model = load(checkpoint, trust=arguments.trust)
    with warnings.catch_warnings():
        # The frame holds the same notes.
        warnings.simplefilter("ignore")
        frame = model.search(arguments.text, arguments.k, arguments.user, history, exclude, allow)
    return frame.to_dict("records"), frame.attrs["notes"]


def _from_export(export, arguments, history, exclude, allow):
    loaded, about = load_export(export, arguments.trust)
    with loaded:
        if NAME not in loaded.signatures:
            raise InputError(f"{export} has no signature search: its item vectors read no text")
        k, notes = export_k(about, arguments.k)
        request = {"search_text": [arguments.text], "k": [k]}
        request |= {"exclude": [exclude or [""]], "allow": [allow or [""]]}
        query = {"user": arguments.user} if history is None else {"history": history}
        query = {name: given for name, given in query.items() if given is not None}
        for name, given in query.items():
            if name not in loaded.signatures[NAME].inputs:
                raise InputError(f"{export} does not read a {name}: leave --{name} out")
            request[name] = [given]
        answer = run_export(loaded, NAME, request)
    known = {"item": read_ids(export, "items"), "user": read_ids(export, "users")}
    titles = titles_of(export, known["item"])
    ids = {name: [given] if name == "user" else given for name, given in query.items()}
    notes += search_notes(
        bool(answer["by_words"][0]),
        int(answer["known_words"][0]),
        [word.decode() for word in answer["unknown_word"][0] if word],
    )
    ids |= {"allow": allow or []}
    notes += unknown_notes(known, ids, about.get("unknown_user", "without knowing who it is"))
    pairs = zip(answer["item"][0].tolist(), answer["score"][0].tolist(), strict=True)
    rows = [
        {"rank": rank, "item": one.decode(), "score": score, "title": titles[one.decode()]}
        for rank, (one, score) in enumerate(pairs, 1)
        if one
    ]
    return rows, notes
