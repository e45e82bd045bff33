"""The answer to a search, from a checkpoint or from an export."""

import warnings

from kerasrec.batch_inference.export_files import export_k, read_ids, titles_of
from kerasrec.cli.heavy import import_keras
from kerasrec.cli.one_query import load_export, run_export, unknown_notes
from kerasrec.errors import InputError
from kerasrec.search_words import search_notes

NAME = "search"


def from_checkpoint(checkpoint, arguments, history, exclude, allow):
    import_keras()
    from kerasrec.models import load

    model = load(checkpoint, trust=arguments.trust)
    with warnings.catch_warnings():
        # The frame holds the same notes.
        warnings.simplefilter("ignore")
        frame = model.search(arguments.text, arguments.k, arguments.user, history, exclude, allow)
    return frame.to_dict("records"), frame.attrs["notes"]


def from_export(export, arguments, history, exclude, allow):
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
