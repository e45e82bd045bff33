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
HELP = "the best items for a user, or after some items"
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
        help="say what each score rests on: items of the history, and behavior and content",
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
        # The same notes as in the frame, which are said once, below.
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
                f"--explain: the export {export} cannot say what its scores rest on; "
                "give the run or the checkpoint"
            )
        signature = loaded.signatures[name]
        asked, value = ("user", arguments.user) if history is None else ("history", history)
        if asked not in signature.inputs:
            other = "--history" if asked == "user" else "--user"
            raise InputError(f"{export} does not read a {asked}: give {other}")
        k = DEFAULT_K if arguments.k is None else arguments.k
        request = {asked: [value], "exclude": [exclude or [""]], "k": [k]}
        repeats = arguments.repeats or about.get("repeats", "mask")
        request["repeats"] = [repeats]
        answer = {key: column[0] for key, column in loaded.run(name, request).items()}
    items = [item.decode() for item in answer["item"]]
    rows = [
        {"rank": place + 1, "item": item, **_said(answer, place)}
        for place, item in enumerate(items)
        if item
    ]
    ids = {asked: [value] if asked == "user" else value, "exclude": exclude}
    notes = _unknown(export, ids, about.get("unknown_user", "without knowing who it is"))
    if asked == "user" and repeats == "mask" and not about.get("stored_histories"):
        notes.append("the export does not know what the user has seen: give --exclude")
    if len(items) < k:
        said = f"the export answers with {len(items)} items at most"
        if arguments.k is not None:
            raise InputError(f"-k {k}: {said}")
        notes.append(said)
    return rows, notes


def _said(answer, place):
    """The numbers of one answer, and its reasons as `Recommender.recommend` names them."""
    names = ("score", "from_behavior", "from_content")
    said = {name: float(answer[name][place]) for name in names if name in answer}
    if "reason" in answer:
        pairs = zip(answer["reason_item"][place], answer["reason"][place], strict=True)
        said["reasons"] = [
            {"item": item.decode(), "contribution": float(part)} for item, part in pairs if item
        ]
    if "word" in answer:
        columns = (answer[name][place] for name in ("word", "word_feature", "word_reason"))
        said["words"] = [
            {"word": word.decode(), "feature": feature.decode(), "contribution": float(part)}
            for word, feature, part in zip(*columns, strict=True)
            if word
        ]
    return said


def _unknown(source, asked, unknown_user):
    """Notes on ids that the export skips, as `Request` has them: the graph cannot say it."""
    notes = []
    for name, ids in asked.items():
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
