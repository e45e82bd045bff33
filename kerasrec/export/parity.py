"""Asks Python and the reloaded SavedModel the same questions and compares the answers."""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from kerasrec.data.vocabulary import FIRST
from kerasrec.models.reasons import REASONS, words

TOLERANCE = 1e-5
REQUESTS = 100
RELOAD = pathlib.Path(__file__).with_name("reload.py")


def check_parity(model, directory, k):
    """Compares an export with its model on 100 requests, in a process without kerasrec.

    Reasons are compared on the first 10 of them, as each takes many queries.

    The requests are users and histories that the model knows, drawn with seed 0, each with an
    unknown id or padding in front, and one unknown user with no history at all.

    Returns:
        A dict of `requests` and `difference`, the largest difference of a score: absolute, of
        scores beyond 1 a share of the score, of which float32 holds seven digits.

    Raises:
        RuntimeError: if an item's score differs by more than 1e-5 or the ranking is another one.
    """
    request, inputs, items = _requests(model)
    seen = inputs.pop("all_history")
    rows, scores = model.top_k(inputs, k, exclude=seen)
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder) / name for name in ("request.npz", "answer.npz")]
        np.savez(files[0], **{name: _plain(x) for name, x in request.items()})
        done = subprocess.run(
            [sys.executable, "-c", RELOAD.read_text(encoding="utf-8"), str(directory.resolve()),
             *map(str, files)],
            cwd=folder, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(
                f"the export does not load in a fresh process:\n{done.stderr[-2000:]}"
            )
        with np.load(files[1], allow_pickle=False) as answer:
            answer = dict(answer)
    expected = {"recommend_score": scores, "score_score": model.score_pairs(inputs, items)}
    if model.searchable:
        expected["embed_user_vector"] = model.encode_queries(inputs)
        expected["embed_items_vector"] = np.asarray(model.encode_catalog())[items]
    served = model.items.vocabulary.rows(np.char.decode(answer["recommend_item"], "utf-8"))
    difference = max(_difference(answer[name], value) for name, value in expected.items())
    moved = served != rows
    free = _tied(scores)
    explained = answer.get("recommend_explained_item", answer["recommend_item"][:0])
    if few := len(explained):
        explained = model.items.vocabulary.rows(np.char.decode(explained, "utf-8"))
        moved[:few] |= explained != rows[:few]
        some = {name: x[:few] for name, x in inputs.items()}
        for name, value in _explained(model, some, explained, scores[:few]).items():
            found = answer[f"recommend_explained_{name}"]
            if value.ndim == 3:  # the order of equal reasons is free
                found, value = np.sort(found), np.sort(value)
            difference = max(difference, _difference(found, value, scores[:few]))
    if model.horizon > 1:
        # Items of one vector, such as those never seen, change places anywhere in a sequence.
        vectors = np.asarray(model.encode_catalog())
        free |= np.abs(vectors[served] - vectors[rows]).max(axis=-1) <= TOLERANCE
    if difference > TOLERANCE or (moved & ~free).any():
        raise RuntimeError(
            f"the export answers other than Python: scores differ by up to {difference:.2g} "
            f"(at most {TOLERANCE:g} allowed), {int(moved.sum())} of {moved.size} items differ"
        )
    return {"requests": len(rows), "difference": difference}


def _explained(model, inputs, rows, scores):
    """What Python says of the answers `rows`; numbers alone of reasons."""
    real = rows >= FIRST
    reasons = np.zeros((*rows.shape, REASONS))
    for number, (history, answers) in enumerate(zip(inputs["history"], rows, strict=True)):
        items = np.unique(history[history >= FIRST])
        one = {name: x[number : number + 1] for name, x in inputs.items()}
        if len(items):
            parts = model.contributions(one, items, answers)
            largest = np.argsort(-np.abs(parts), axis=1)[:, :REASONS]
            parts = np.take_along_axis(parts, largest, axis=1) * real[number][:, None]
            reasons[number, :, : parts.shape[1]] = parts
    found = {"score": scores, "reason": reasons}
    if model.content_columns is None:
        return found
    queries = model.encode_queries(inputs)
    shares = np.asarray(model.content_scores(queries, model.encode_catalog(), rows))
    found["from_content"] = np.where(real, shares, 0.0)
    found["from_behavior"] = np.where(real, scores - found["from_content"], 0.0)
    if getattr(model.content_encoder, "texts", None):
        found["word_reason"] = np.zeros((*rows.shape, REASONS))
        for query, answers in enumerate(words(model, queries, rows, REASONS)):
            for place, said in enumerate(answers):
                parts = [one["contribution"] for one in said]
                found["word_reason"][query, place, : len(parts)] = parts
    return found


def _requests(model):
    """A request in strings, the same as model inputs, and one item row a query."""
    generator = np.random.default_rng(0)
    known = np.flatnonzero(model.histories.lengths)
    if not len(known):  # adapted to a stream, which keeps no histories
        known = np.arange(FIRST, model.schema.num_users)
    stranger = "?"
    while stranger in model.items.vocabulary or stranger in model.users.vocabulary:
        stranger += "?"
    users = generator.choice(known, REQUESTS).astype("int32")
    users[0] = 1
    past = model.histories.take(users)
    length = model.schema.history_length
    history = past.padded()
    inputs = {"user": users, "all_history": history}
    inputs |= past.inputs(model.query_inputs, length)
    items = generator.integers(2, model.schema.num_items, REQUESTS).astype("int32")
    request = {"item": model.items.vocabulary.lookup(items), "exclude": np.full((REQUESTS, 1), "")}
    if "user" in model.query_inputs:
        request["user"] = np.where(users == 1, stranger, model.users.vocabulary.lookup(users))
    if "history" in model.query_inputs:
        skipped = generator.choice(["", stranger], (REQUESTS, 1))
        request["history"] = np.concatenate(
            [skipped, model.items.vocabulary.lookup(history).astype(str)], axis=1
        )
    else:
        request["exclude"] = model.items.vocabulary.lookup(history)
    context = {"behavior": past.behavior, "timestamp": past.timestamp}
    asked = {"behavior": "behavior", "time_gap": "timestamp"}
    for name in set(asked) & set(model.query_inputs):
        column = past.padded(None, context[asked[name]])
        if name == "behavior":
            column = model.behaviors.lookup(column).astype(str)
        nothing = np.zeros((REQUESTS, 1), column.dtype)
        request[asked[name]] = np.concatenate([nothing, column], axis=1)
    for name, encoder in model.items.encoders.items():
        feature = encoder.feature
        width = {"categories": (1,), "vector": (feature.size,)}.get(feature.kind, ())
        number = feature.kind in ("number", "vector")
        # The items are known, so their raw features do not matter.
        request[name] = np.zeros((REQUESTS, *width), "float32" if number else "U1")
    return request, inputs, items


def _plain(values):
    return values if values.dtype.kind in "fi" else np.char.encode(values.astype(str), "utf-8")


def _difference(one, other, scores=None):
    """The largest; relative to scores beyond 1: those given, of which these are parts, or these."""
    both = np.isfinite(one) & np.isfinite(other)
    if (np.isfinite(one) != np.isfinite(other)).any():
        return float("inf")
    scores = other if scores is None else scores.reshape(*scores.shape, *[1] * (other.ndim - 2))
    scores = np.where(np.isfinite(scores), np.abs(scores), 0.0)
    size = np.maximum(1.0, np.broadcast_to(scores, other.shape)[both])
    return float(np.max(np.abs(one[both] - other[both]) / size, initial=0.0))


def _tied(scores):
    """Places whose score is within the tolerance of a neighbour's: their order is free."""
    with np.errstate(invalid="ignore"):
        size = np.maximum(1.0, np.abs(scores[:, 1:]))
        close = np.abs(np.diff(scores, axis=1)) <= 2 * TOLERANCE * size
    last = np.ones((len(scores), 1), bool)
    return np.concatenate([close, last], 1) | np.concatenate([last & False, close], 1)
