"""The answer to one query, from a checkpoint or from an export."""

import math
import warnings

from kerasrec.batch_inference.export_context import export_context, export_user_features
from kerasrec.batch_inference.export_files import export_k, read_ids, titles_of
from kerasrec.batch_inference.export_reasons import EXPLAINED, export_reasons
from kerasrec.batch_inference.export_wishes import export_wishes
from kerasrec.cli.context import typed
from kerasrec.cli.heavy import import_keras, quiet_start
from kerasrec.data.context_values import absent_notes, check_names
from kerasrec.errors import CHECK, InputError
from kerasrec.id_list import unknown_note


def from_checkpoint(checkpoint, arguments, history, values, exclude, allow, features, wishes):
    """Rows and notes of the answer of a checkpoint; arguments as of `kerasrec recommend`.

    `values` has a rating of each item of the history or None, `features` has "context" and
    "user_features", the text of each feature by its name, `wishes` the `pin` and the `boost` of
    `Recommender.recommend` that are given.
    """
    import_keras()
    from kerasrec.models import load

    model = load(checkpoint, trust=arguments.trust)
    query = {"users": [arguments.user]} if history is None else {"histories": [history]}
    encoders = {"context": model.context, "user_features": model.users.encoders}
    features = {
        argument: {
            name: [typed(text, encoders[argument][name].kind if name in encoders[argument] else "")]
            for name, text in given.items()
        }
        for argument, given in features.items()
    }
    with warnings.catch_warnings():
        # The frame holds the same notes, which are printed below.
        warnings.simplefilter("ignore")
        frame = model.recommend(
            **query, k=arguments.k, exclude=exclude, allow=allow, explain=arguments.explain,
            repeats=arguments.repeats, probabilities=arguments.probabilities,
            values=None if values is None else [values], **features, **wishes,
        )  # fmt: skip
    rows = frame.drop(columns="user").to_dict("records")
    return rows, frame.attrs["notes"]


def from_export(export, arguments, history, values, exclude, allow, features, wishes):
    """As `from_checkpoint`, from the folder of an export."""
    loaded, about = load_export(export, arguments.trust)
    with loaded:
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
        if arguments.probabilities and "probability" not in signature.outputs:
            raise InputError(f"--probabilities: the scores of {export} only order items")
        context, of_user = features["context"], features["user_features"]
        known, of_users = about.get("context", {}), about.get("user_features", {})
        check_names(context, known, str(export))
        check_names(of_user, of_users, str(export), "user_features", "user")
        k, notes = export_k(about, arguments.k)
        notes = [*notes, *absent_notes(context, known)]
        repeats = arguments.repeats or about.get("repeats", "mask")
        request = {query: [value], "k": [k], "repeats": [repeats]}
        request |= {"exclude": [exclude or [""]], "allow": [allow or [""]]}
        request |= export_wishes(export, signature, **wishes)
        request |= export_context(about, {name: [value] for name, value in context.items()})
        request |= export_user_features(about, {name: [value] for name, value in of_user.items()})
        if values is not None and "value" in signature.inputs:
            request["value"] = [[math.nan if one is None else one for one in values]]
        elif values is not None:
            notes.append(f"{about['model']} reads no values of a history: they change nothing")
        answer = {key: column[0] for key, column in run_export(loaded, name, request).items()}
    known = {"item": read_ids(export, "items"), "user": read_ids(export, "users")}
    titles = titles_of(export, known["item"])
    items = [item.decode() for item in answer["item"]]
    probable = arguments.probabilities
    rows = [
        {
            "rank": place + 1,
            "item": item,
            "score": float(answer["score"][place]),
            **({"probability": float(answer["probability"][place])} if probable else {}),
            "title": titles[item],
            **export_reasons(answer, place, titles),
        }
        for place, item in enumerate(items)
        if item
    ]
    ids = {query: [value] if query == "user" else value, "exclude": exclude, "allow": allow or []}
    ids |= {name: list(given) for name, given in wishes.items()}
    unknown_user = about.get("unknown_user", "without knowing who it is")
    if of_user:
        unknown_user = "from the features given"
    notes = [*unknown_notes(known, ids, unknown_user), *notes]
    if query == "user" and repeats == "mask" and not about.get("stored_histories"):
        notes.append("the export does not know what the user has seen: give --exclude")
    return rows, notes


def run_export(loaded, name, request):
    """The outputs of a signature; what the graph says of a wrong request is an `InputError`."""
    from kerasrec.savedmodel.c_loader import RunError

    try:
        return loaded.run(name, request)
    except RunError as error:
        line = str(error).splitlines()[0]
        if CHECK not in line:
            raise
        raise InputError(line.partition(CHECK)[2]) from error


def load_export(export, trust):
    """`open_export` without what TensorFlow prints when it is loaded."""
    from kerasrec.savedmodel.open_export import open_export

    quiet_library(export)
    return open_export(export, trust)


def quiet_library(export):
    """Loads TensorFlow's C library for an export without its messages."""
    from kerasrec.savedmodel.c_loader import load_library

    try:
        with quiet_start():
            load_library()
    except RuntimeError as error:
        raise InputError(f"{export} cannot be loaded: {error}") from error


def unknown_notes(known, queries, unknown_user):
    """Notes on ids that the export does not know, as `Request` makes them in Python.

    Args:
        known: Arrow arrays of the ids by kind.
        queries: Name of an input -> the ids that it gets.
        unknown_user: How an unknown user is answered, in words.
    """
    notes, known = [], {kind: set(ids.to_pylist()) for kind, ids in known.items()}
    for name, ids in queries.items():
        kind = "user" if name == "user" else "item"
        if unknown := [one for one in ids if one not in known[kind]]:
            instead = f"answered {unknown_user}" if name == "user" else "left out"
            notes.append(unknown_note(name if name == "user" else f"{name} item", unknown, instead))
        if name == "allow" and ids and len(unknown) == len(ids):
            raise InputError("allow holds no item that the model knows: nothing to recommend")
        if name == "history" and len(unknown) == len(ids):
            notes.append(
                "1 of 1 queries has no history that the model knows: answered " + unknown_user
            )
    return notes
