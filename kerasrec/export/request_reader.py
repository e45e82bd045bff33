"""From the strings of a request to the rows that a model reads, inside the served graph."""

import numpy as np
import tensorflow as tf

from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.errors import CHECK
from kerasrec.export.check_beside import check_beside
from kerasrec.export.packed import Packed
from kerasrec.export.string_lookup import string_lookup

HISTORY_COLUMNS = ("history", "behavior", "timestamp")
# What a model reads of a history, and what a request says for it.
ASKED = {"time_gap": "timestamp"}


class RequestReader(tf.Module):
    """Reads `recommend` and its relatives: who asks, and what may be answered.

    Every input has a default, and may have one row for all rows of the others.

    Args:
        model: An adapted `Recommender`.
        k: The most answers.
        item_rows: The lookup of item ids.
        histories: Keep what each known user did: a user is answered from it, and not shown it.
    """

    def __init__(self, model, k, item_rows, histories=True):
        super().__init__()
        self.k, self.item_rows, self.read = k, item_rows, model.query_inputs
        self.masks = model.repeats == "mask"
        asked = {ASKED.get(name, name) for name in self.read}
        if "histories" in model.capabilities:
            asked.add("history")
        self.columns = [name for name in HISTORY_COLUMNS if name in asked]
        self.length = model.schema.history_length
        self.stored = None
        if "user" in self.read or histories:
            self.user_rows = string_lookup(model.users.vocabulary)
        if "behavior" in self.read:
            self.behavior_rows = string_lookup(model.behaviors)
        if histories:
            self.stored = _Stored(model.histories, self.columns)

    def query(self):
        """Who asks: `TensorSpec` and default of each input."""
        users = "user" in self.read or self.stored is not None
        inputs = {"user": ((None,), np.array([""], object))} if users else {}
        for name in self.columns:
            nothing = np.zeros((1, 1), "int64") if name == "timestamp" else _NO_IDS
            inputs[name] = ((None, None), nothing)
        return inputs

    def options(self):
        """What may be answered: `TensorSpec` and default of each input."""
        return {**self.limits(), "repeats": ((None,), np.array([""], object))}

    def limits(self):
        """The options of every ranking."""
        return {
            "exclude": ((None, None), _NO_IDS),
            "allow": ((None, None), _NO_IDS),
            "k": ((None,), np.array([self.k], "int32")),
        }

    def __call__(self, request):
        """The model's inputs by name, each `(batch, ...)`, and `seen` `(batch, any)` item rows."""
        size, found = batch_size(request), {}
        user = None
        if "user" in request:
            user = every(tf.cast(self.user_rows(request["user"]), tf.int32), size)
            found["user"] = tf.maximum(user, UNKNOWN)
        columns = self._history(request, user, size)
        if columns is None:  # a model of users alone, without what they did
            found["seen"] = tf.zeros((size, 1), tf.int32)
            return found
        items = columns["history"]
        packed = Packed(items, self.length)
        found["seen"] = packed.all(items)
        if "history" in self.read:
            found["history"] = packed.last(items)
        if "behavior" in self.read:
            found["behavior"] = packed.last(columns["behavior"])
        if "time_gap" in self.read:
            found["time_gap"] = packed.cut(_gaps(packed.all(columns["timestamp"])))
        return found

    def limited(self, request, seen=None):
        """`exclude`, with what was seen, and `allow`, item rows, and `k`, each `(batch, ...)`."""
        size = batch_size(request)
        exclude, allow = (
            every(tf.cast(self.item_rows(request[name]), tf.int32), size)
            for name in ("exclude", "allow")
        )
        if seen is not None:
            kept = every(self._masked(request["repeats"]), size)[:, None]
            exclude = tf.concat([exclude, tf.where(kept, seen, PADDING)], axis=1)
        return exclude, allow, every(request["k"], size)

    def _masked(self, repeats):
        """Whether what was seen is left out `(batch or 1,)`: as the request says, or the model."""
        masked, said = tf.equal(repeats, "mask"), tf.not_equal(repeats, "")
        known = tf.reduce_all(masked | ~said | tf.equal(repeats, "allow"))
        expected = f"{CHECK}repeats: expected mask, allow or nothing: got"
        tf.debugging.Assert(known, [expected, repeats], summarize=3)
        return masked | (~said & self.masks)

    def parsed(self, examples):
        """A request from serialized `tf.Example`s `(batch,)`."""
        inputs, features = {**self.query(), **self.options()}, {}
        for name, (shape, default) in inputs.items():
            dtype = tf.string if default.dtype == object else tf.int64
            value = default.flat[0] if default.dtype == object else int(default.flat[0])
            features[name] = (
                tf.io.FixedLenFeature((), dtype, value)
                if len(shape) == 1
                else tf.io.FixedLenSequenceFeature((), dtype, allow_missing=True)
            )
        request = tf.io.parse_example(examples, features)
        return {
            name: x if inputs[name][1].dtype == object else tf.cast(x, inputs[name][1].dtype)
            for name, x in request.items()
        }

    def _history(self, request, user, size):
        """Columns of what was done, `(batch, any)`: the one given, else the stored one."""
        given = None
        if "history" in request:
            # No items at all are one of padding: an encoder needs a step.
            ids = tf.pad(request["history"], _one_more(request["history"]))
            items = every(tf.cast(self.item_rows(ids), tf.int32), size)
            given = {"history": items}
            for name in ("behavior", "timestamp"):
                if name in request:
                    check_beside(name, request[name], request["history"])
            if "behavior" in request:
                done = tf.cast(self.behavior_rows(request["behavior"]), tf.int32)
                given["behavior"] = _as_wide(every(done, size), items)
            if "timestamp" in request:
                given["timestamp"] = _as_wide(every(request["timestamp"], size), items)
        if self.stored is None:
            return given
        if given is None:
            return self.stored(user)
        silent = every(tf.reduce_all(ids == "", axis=1), size)
        stored = self.stored(tf.where(silent, user, PADDING))
        return {name: tf.concat([given[name], stored[name]], axis=1) for name in given}


class _Stored(tf.Module):
    """What each known user did, in time order."""

    def __init__(self, histories, columns):
        super().__init__()
        self.indptr = tf.Variable(histories.indptr, trainable=False, name="stored_indptr")
        nothing = np.zeros(len(histories.items), "int32")
        found = {"history": histories.items}
        if "behavior" in columns:
            found["behavior"] = nothing if histories.behavior is None else histories.behavior
        if "timestamp" in columns:
            times = histories.timestamp
            found["timestamp"] = nothing.astype("int64") if times is None else times
        self.columns = {
            name: tf.Variable(column, trainable=False, name=f"stored_{name}")
            for name, column in found.items()
        }

    def __call__(self, user):
        """Columns `(batch, longest)` of user rows `(batch,)`; nothing for padding and unknown."""
        known = user >= FIRST
        first = tf.gather(self.indptr, user)
        beyond = tf.where(known, tf.gather(self.indptr, user + 1), first)
        places = tf.ragged.range(first, beyond)
        return {
            name: tf.RaggedTensor.from_row_splits(
                tf.gather(column, places.values), places.row_splits, validate=False
            ).to_tensor()
            for name, column in self.columns.items()
        }


_NO_IDS = np.array([[""]], object)


def batch_size(request):
    """Rows of a request: those of its longest input."""
    return tf.reduce_max(tf.stack([tf.shape(x)[0] for x in request.values()]))


def every(x, size):
    """`x` for each of `size` rows: as it is, or its one row repeated."""
    return tf.broadcast_to(x, tf.concat([[size], tf.shape(x)[1:]], axis=0))


def _one_more(x):
    return [[0, 0], [0, tf.cast(tf.shape(x)[1] == 0, tf.int32)]]


def _as_wide(column, items):
    """With padding for the last items, of which nothing is said."""
    # Where it is wider there is padding alone, or `check_beside` stops: a pad must not before it.
    width = tf.shape(items)[1]
    column = column[:, :width]
    return tf.pad(column, [[0, 0], [0, width - tf.shape(column)[1]]])


def _gaps(timestamp):
    """Seconds since the item before; -1 where one of both times is not known, which is 0."""
    before = tf.concat([timestamp[:, :1], timestamp[:, :-1]], axis=1)
    gap = tf.maximum(tf.cast(timestamp - before, tf.float32), 0.0)
    return tf.where((timestamp > 0) & (before > 0), gap, -1.0)
