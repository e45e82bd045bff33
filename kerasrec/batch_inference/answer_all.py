"""Answers all queries part by part and writes them to one file."""

import contextlib

import numpy as np

from kerasrec.batch_inference.bounded_batches import bounded_batches
from kerasrec.batch_inference.facts import count_facts, notes_on
from kerasrec.batch_inference.part_table import part_table
from kerasrec.batch_inference.parts_folder import PartsFolder
from kerasrec.batch_inference.places_of import places_of
from kerasrec.batch_inference.queries import Queries
from kerasrec.errors import InputError
from kerasrec.id_list import unknown_note

FORMAT = 1


def answer_all(answers, queries, options, path, columns, request, overwrite=False, progress=None):
    """Writes the answers to all queries to a Parquet file, or continues to do so.

    Args:
        answers: Such as `ModelRecommendations`.
        queries: `IdQueries` or `HistoryFile`.
        options: `Options`.
        path: Of the output, see `check_output`.
        columns: Names of the columns of the query's id and of the item.
        request: Dict of what the answers depend on besides these arguments.
        overwrite: Replace the output, and the parts of another request.
        progress: Called with `(queries answered, queries)`.

    Returns:
        A dict: `path`, `queries`, `rows`, `k`, `resumed` (queries that an earlier process had
        answered) and `notes`, sentences on what was unknown.
    """
    if not queries.count:
        raise InputError("there is nothing to answer: the list of queries is empty")
    notes = [*answers.notes, *_check_options(answers, options)]
    request = {
        "format": FORMAT,
        **request,
        "model": answers.fingerprint(),
        "queries": queries.fingerprint,
        "k": answers.k,
        "exclude": sorted(options.exclude),
        "allow": None if options.allow is None else sorted(options.allow),
        "pin": list(options.pin),
        "boost": options.boost,
        "context": {name: repr(value) for name, value in options.context.items()},
    }
    progress = progress or (lambda done, total: None)
    with PartsFolder(path, request, overwrite) as folder:
        resumed = folder.done
        progress(resumed, queries.count)
        for part in queries.parts(resumed):
            answered = []
            for places, some in _batches(answers, part, options.width):
                with _naming_rows(folder.done, len(part)):
                    answered.append((places, answers.answer(some)))
                progress(folder.done + sum(len(one) for one, _ in answered), queries.count)
            table = part_table(part.names, answered, answers.item_ids, answers.k, columns)
            first = folder.done == resumed
            folder.add(table, count_facts(answers, part))
            if first:
                folder.check_room(queries.count)
        folder.finish()
    unknown_user = getattr(answers, "unknown_user", "")
    length = getattr(answers, "history_length", None)
    kind = "user" if columns[0] == "user" else "item"
    return {
        "path": str(path),
        "queries": folder.done,
        "rows": folder.rows,
        "k": answers.k,
        "resumed": resumed,
        "notes": [*notes, *notes_on(folder.facts, kind, unknown_user, length)],
    }


def _batches(answers, queries, option_ids):
    """`(places, Queries)` of each batch of a part."""
    for places, some in _groups(queries):
        if len(some):
            widths = answers.widths(some) * answers.wide_cost
            for batch in bounded_batches(widths, option_ids):
                yield places[batch], some.take(batch)


def _groups(queries):
    """`(places, Queries)`: who is answered from a given history, and who from the stored one."""
    if queries.users is None or queries.histories is None:
        return [(np.arange(len(queries)), queries)]
    # As in an export: who is given no item is answered from what is stored.
    silent = np.array([not any(history) for history in queries.histories])
    given, stored = np.flatnonzero(~silent), np.flatnonzero(silent)
    users = [queries.users[place] for place in stored]
    of_stored = Queries(users, users, context=queries.take(stored).context)
    return [(given, queries.take(given)), (stored, of_stored)]


def _check_options(answers, options):
    """Notes on unknown ids among the items of the options."""
    notes = []
    for name in ("exclude", "allow", "pin", "boost"):
        ids = getattr(options, name)
        if not ids:
            continue
        known = places_of(list(ids), answers.item_ids) >= 0
        if name == "allow" and not known.any():
            raise InputError("allow holds no item that the model knows: nothing to answer")
        if unknown := [one for one, is_known in zip(ids, known, strict=True) if not is_known]:
            notes.append(unknown_note(f"{name} item", unknown, "left out"))
    return notes


@contextlib.contextmanager
def _naming_rows(first, count):
    try:
        yield
    except InputError as error:
        raise InputError(f"among rows {first} to {first + count - 1}: {error}") from error
