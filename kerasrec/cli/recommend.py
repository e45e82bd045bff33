"""`kerasrec recommend RUN_OR_EXPORT (--user ID | --history a,b,c)`."""

import pathlib
import warnings

from kerasrec.cli.heavy import import_keras, quiet_start
from kerasrec.cli.ids import IDS, read_ids
from kerasrec.cli.saved import find_checkpoint, find_export
from kerasrec.errors import InputError
from kerasrec.files.saved_json import read_json
from kerasrec.id_list import unknown_note
from kerasrec.savedmodel.metadata import read_metadata

NAME = "recommend"
HELP = "recommend items to a user, or after some items"
EXPLAINED = "recommend_explained"


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
    parser.add_argument("-k", type=int, help="how many items (default: 10, or all of fewer)")
    parser.add_argument(
        "--exclude", metavar="A,B", action="append", help="item ids not to recommend, as --history"
    )
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
        "--trust", action="store_true",
        help="allow a model class outside kerasrec, and an export with operations of its own",
    )  # fmt: skip


def run(arguments, output):
    history = read_ids(arguments.history, "--history")
    exclude = read_ids(arguments.exclude, "--exclude") or []
    if arguments.k is not None and arguments.k < 1:
        raise InputError(f"-k must be at least 1: got {arguments.k}")
    if arguments.history is not None and not history:
        raise InputError("--history holds no item id")
    export = find_export(arguments.source)
    if export is None:
        rows, notes = _from_checkpoint(arguments, history, exclude)
    else:
        rows, notes = _from_export(export, arguments, history, exclude)
    for note in notes:
        output.note(note)
    columns = list(rows[0]) if rows else ["rank", "item", "score"]
    output.rows(columns, [[_cell(row[name]) for name in columns] for row in rows])
    output.result(
        {"user": arguments.user, "history": history, "recommendations": rows, "notes": notes}
    )


def _from_checkpoint(arguments, history, exclude):
    checkpoint = find_checkpoint(arguments.source)
    import_keras()
    from kerasrec.models import load

    model = load(checkpoint, trust=arguments.trust)
    query = {"users": [arguments.user]} if history is None else {"histories": [history]}
    with warnings.catch_warnings():
        # The frame holds the same notes, which are printed below.
        warnings.simplefilter("ignore")
        frame = model.recommend(
            **query, k=arguments.k, exclude=exclude, explain=arguments.explain,
            repeats=arguments.repeats,
        )  # fmt: skip
    rows = frame.drop(columns="user").to_dict("records")
    return rows, frame.attrs["notes"]


def _from_export(export, arguments, history, exclude):
    from kerasrec.config.cutoffs import DEFAULT_K
    from kerasrec.savedmodel import CLoader
    from kerasrec.savedmodel.c_loader import load_library
    from kerasrec.savedmodel.check_export import check_export

    about = read_metadata(export)
    try:
        check_export(export, arguments.trust)
    except InputError as error:
        raise InputError(f"{export}: {error}") from error
    try:
        with quiet_start():
            load_library()
        loaded = CLoader(export)
    except RuntimeError as error:
        raise InputError(f"{export} cannot be loaded: {error}") from error
    with loaded:
        if "recommend" not in loaded.signatures:
            raise InputError(f"{export} is not an export of kerasrec")
        name = EXPLAINED if arguments.explain else "recommend"
        if name not in loaded.signatures:
            raise InputError(
                f"--explain: the export {export} cannot explain its scores; "
                "give the run or the checkpoint"
            )
        signature = loaded.signatures[name]
        query, value = ("user", arguments.user) if history is None else ("history", history)
        if query not in signature.inputs:
            other = "--history" if query == "user" else "--user"
            raise InputError(f"{export} does not read a {query}: give {other}")
        k = DEFAULT_K if arguments.k is None else arguments.k
        request = {query: [value], "exclude": [exclude or [""]], "k": [k]}
        repeats = arguments.repeats or about.get("repeats", "mask")
        request["repeats"] = [repeats]
        answer = {key: column[0] for key, column in loaded.run(name, request).items()}
    items = [item.decode() for item in answer["item"]]
    rows = [
        {"rank": place + 1, "item": item, **_scores(answer, place)}
        for place, item in enumerate(items)
        if item
    ]
    ids = {query: [value] if query == "user" else value, "exclude": exclude}
    notes = _unknown_notes(export, ids, about.get("unknown_user", "without knowing who it is"))
    if query == "user" and repeats == "mask" and not about.get("stored_histories"):
        notes.append("the export does not know what the user has seen: give --exclude")
    if len(items) < k:
        limit = f"the export answers with {len(items)} items at most"
        if arguments.k is not None:
            raise InputError(f"-k {k}: {limit}")
        notes.append(limit)
    return rows, notes


def _scores(answer, place):
    """The score of one item and its reasons, with the names of `Recommender.recommend`."""
    names = ("score", "from_behavior", "from_content")
    scores = {name: float(answer[name][place]) for name in names if name in answer}
    if "reason" in answer:
        pairs = zip(answer["reason_item"][place], answer["reason"][place], strict=True)
        scores["reasons"] = [
            {"item": item.decode(), "contribution": float(part)} for item, part in pairs if item
        ]
    if "word" in answer:
        columns = (answer[name][place] for name in ("word", "word_feature", "word_reason"))
        scores["words"] = [
            {"word": word.decode(), "feature": feature.decode(), "contribution": float(part)}
            for word, feature, part in zip(*columns, strict=True)
            if word
        ]
    return scores


def _unknown_notes(source, queries, unknown_user):
    """Notes on ids that the export does not know, as `Request` makes them in Python.

    Args:
        source: Folder of the export.
        queries: Name of an input -> the ids that it gets.
        unknown_user: How an unknown user is answered, in words.
    """
    notes = []
    for name, ids in queries.items():
        kind = "user" if name == "user" else "item"
        path = pathlib.Path(source) / "assets.extra" / f"{kind}s.json"
        known = set(read_json(path)) if path.is_file() else ids
        if unknown := [one for one in ids if one not in known]:
            instead = f"answered {unknown_user}" if name == "user" else "left out"
            notes.append(unknown_note(name if name == "user" else f"{name} item", unknown, instead))
        if name == "history" and len(unknown) == len(ids):
            notes.append(
                "1 of 1 queries has no history that the model knows: answered " + unknown_user
            )
    return notes


def _cell(value):
    if isinstance(value, list):
        return "; ".join(
            f"{one.get('title') or one.get('word') or one['item']} {one['contribution']:+.2f}"
            for one in value
        )
    return f"{value:.4f}" if isinstance(value, float) else value
