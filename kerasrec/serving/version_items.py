"""The vectors of new items for one version of a model."""

import json
import threading
import typing
import weakref

import numpy as np

from kerasrec.serving.item_features import item_features
from kerasrec.serving.refusal import Refusal, invalid

NEEDED = ("recommend", "embed_user", "embed_items")
MOST_ROWS = 256  # of a request to the graph


class NewVectors(typing.NamedTuple):
    """Ids as bytes, their vectors `(n, dim)`, and the place of each id."""

    items: list
    vectors: np.ndarray
    places: dict


class VersionItems:
    """Computes the vectors of items that a version does not know, by its `embed_items`.

    An item that the version knows is left out, so that a version that learned it ranks it.

    Args:
        version: A `Version`, which must be held during each call.

    Attributes:
        new: The `NewVectors`, replaced as a whole by `update`.
        refused: Item -> why its features do not fit this version.
        ready: Whether `update` has ended once.
    """

    def __init__(self, version):
        # It lives as long as the version does.
        self._version, self._lock = weakref.proxy(version), threading.Lock()
        self._done = {}  # item -> (number of its change, vector or None)
        self.new, self.refused = NewVectors([], np.zeros((0, 0), "float32"), {}), {}
        self.ready = False

    def unsupported(self):
        """Why the version cannot take new items, a sentence; None if it can."""
        signatures, about = self._version.signatures, self._version.about
        model = about.get("model", "this model")
        if any(name not in signatures for name in NEEDED):
            return (
                f"{model} has no vectors of items to add to: its scores are not a dot product. "
                "Export a new version with the item."
            )
        if about.get("rules"):
            return f"The rules on top of {model} know its own items only: export it without rules."
        if "cold_items" not in about.get("capabilities", ()):
            return (
                f"{model} knows items by their ids and not by their features, so that it can say "
                "nothing of a new one. Export a model that reads item features."
            )
        return None

    def knows(self, items):
        """Whether the version was exported with each of some ids: a list of bools.

        Raises:
            Refusal: 409 if it is no export of kerasrec.
        """
        found, signature = [], self._version.signatures.get("recommend")
        if signature is None or not {"allow", "k", "repeats"} <= signature.inputs.keys():
            raise Refusal("FAILED_PRECONDITION", "The model is no export of kerasrec.", 409)
        for start in range(0, len(items), self._rows()):
            some = items[start : start + self._rows()]
            inputs = {
                name: np.repeat(tensor.default, len(some), axis=0)
                for name, tensor in signature.inputs.items()
            }
            inputs["allow"] = _column(some)[:, None]
            inputs["k"] = np.ones(len(some), "int32")
            inputs["repeats"] = _column(["allow"] * len(some))
            answer = self._version.run("recommend", inputs)["item"][:, 0]
            found += [one != b"" for one in answer.tolist()]
        return found

    def check(self, item, fields):
        """Computes the vector of an item from its features.

        Raises:
            Refusal: for features that do not fit, see `item_features`, or give no finite vector.
        """
        self._embed([item], [self._read(fields)])

    def update(self, changes_of, features_of):
        """Computes what has changed.

        Args:
            changes_of: Function that returns item -> number of its last change, of all new items.
            features_of: Function from an item to its features as a text of JSON, or None.
        """
        with self._lock:
            try:
                if not self.unsupported():
                    self._update(changes_of(), features_of)
            finally:
                self.ready = True

    def _update(self, changes, features_of):
        done = {item: one for item, one in self._done.items() if item in changes}
        todo = [n for n, change in changes.items() if done.get(n, (None,))[0] != change]
        if not todo and len(done) == len(self._done):
            return
        refused = {item: why for item, why in self.refused.items() if item in changes}
        unknown = [n for n, known in zip(todo, self.knows(todo), strict=True) if not known]
        done |= {item: (changes[item], None) for item in todo}
        given = {}
        for item in unknown:
            refused.pop(item, None)
            try:
                if text := features_of(item):
                    given[item] = self._read(json.loads(text))
            except Refusal as error:
                refused[item] = error.message
        for item, vector in self._vectors(given, refused):
            done[item] = changes[item], vector
        self._done, self.refused = done, refused
        kept = {item: x for item, (_, x) in done.items() if x is not None}
        vectors = np.stack([*kept.values()]) if kept else np.zeros((0, 0), "float32")
        ids = [item.encode() for item in kept]
        self.new = NewVectors(ids, vectors, {one: place for place, one in enumerate(ids)})

    def _vectors(self, given, refused):
        """Yields (item, vector); an item without one is noted in `refused`."""
        items = list(given)
        for start in range(0, len(items), self._rows()):
            some = items[start : start + self._rows()]
            try:
                vectors = self._embed(some, [given[item] for item in some])
            except Refusal:  # one of them: find out which
                vectors = []
                for item in some:
                    try:
                        vectors += list(self._embed([item], [given[item]]))
                    except Refusal as error:
                        refused[item] = error.message
                some = [item for item in some if item not in refused]
            yield from zip(some, vectors, strict=True)

    def _embed(self, items, features):
        columns = {name: _joined([one[name] for one in features]) for name in features[0]}
        inputs = {"item": _column(items), **columns}
        vectors = self._version.run("embed_items", inputs)["vector"]
        if not np.isfinite(vectors).all():
            raise invalid("The model makes no finite vector of these features.")
        return vectors

    def _read(self, fields):
        return item_features(fields, self._version.signatures["embed_items"])

    def _rows(self):
        return min(MOST_ROWS, self._version.most_rows)


def _column(ids):
    column = np.empty(len(ids), object)
    column[:] = [one.encode() for one in ids]
    return column


def _joined(arrays):
    """Arrays of one row as one; lists of texts are padded on the right."""
    if arrays[0].ndim == 2 and arrays[0].dtype == object:
        width = max(array.shape[1] for array in arrays)
        arrays = [
            np.concatenate([one, np.full((1, width - one.shape[1]), b"", object)], axis=1)
            for one in arrays
        ]
    return np.concatenate(arrays)
