"""What was unknown in the queries of a part, and sentences on it."""

import itertools

import numpy as np

from kerasrec.batch_inference.places_of import places_of
from kerasrec.id_list import unknown_note

SHOWN = 6  # one more than a note shows


def count_facts(answers, queries):
    """Counts of unknown ids as a dict for JSON; `add_facts` adds two of them.

    Args:
        answers: Such as `ModelRecommendations`.
        queries: `Queries`.
    """
    facts = {"queries": len(queries)}
    known_user = np.zeros(len(queries), dtype=bool)
    if queries.users is not None:
        known_user = places_of(queries.users, answers.user_ids) >= 0
    if queries.histories is None:
        ids = queries.names if queries.users is None else queries.users
        known = places_of(ids, answers.item_ids) >= 0 if queries.users is None else known_user
        return facts | _unknown("ids", ids, known)
    items = list(itertools.chain.from_iterable(queries.histories))
    known = places_of(items, answers.item_ids) >= 0
    ends = np.cumsum([len(history) for history in queries.histories])
    before = np.concatenate([[0], np.cumsum(known)])
    counts = np.diff(before[np.concatenate([[0], ends])])
    real = np.array([bool(one.strip()) for one in items], dtype=bool)
    facts |= _unknown("history_items", items, known | ~real)
    facts |= {"empty": int(((counts == 0) & ~known_user).sum())}
    if answers.history_length is not None:
        facts["cut"] = int((counts > answers.history_length).sum())
    return facts


def add_facts(facts, more):
    """The sum of two results of `count_facts`."""
    return {
        name: (facts.get(name, type(value)()) + value)[:SHOWN]
        if isinstance(value, list)
        else facts.get(name, 0) + value
        for name, value in more.items()
    }


def notes_on(facts, kind, unknown_user, length=None):
    """Sentences on what was unknown, and on what was not read.

    Args:
        facts: Sum of the facts of all parts.
        kind: What the ids of the queries are: "user" or "item".
        unknown_user: How an unknown user is answered, as the end of a sentence.
        length: The most items of a history that are read.
    """
    notes, instead = [], "without an answer" if kind == "item" else f"answered {unknown_user}"
    if count := facts.get("unknown_ids"):
        notes.append(unknown_note(kind, facts["shown_ids"], instead, count))
    if count := facts.get("unknown_history_items"):
        shown = facts["shown_history_items"]
        notes.append(unknown_note("history item", shown, "left out", count))
    if empty := facts.get("empty"):
        notes.append(
            f"{empty:,} of {facts['queries']:,} queries {'has' if empty == 1 else 'have'} no "
            f"history that the model knows: answered {unknown_user}"
        )
    if cut := facts.get("cut"):
        notes.append(
            f"{cut:,} of {facts['queries']:,} histories {'has' if cut == 1 else 'have'} more than "
            f"{length:,} items: the last {length:,} are read"
        )
    return notes


def _unknown(name, ids, known):
    unknown = np.flatnonzero(~known)
    return {
        f"unknown_{name}": len(unknown),
        f"shown_{name}": [ids[i] for i in unknown[:SHOWN]],
    }
