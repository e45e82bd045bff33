"""From the strings of a request to the rows that a model reads, inside the served graph."""

import tensorflow as tf

from kerasrec.data.query_spec import QUERY_INPUTS, REQUEST_INPUTS, REQUEST_OPTIONS
from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.errors import CHECK
from kerasrec.export.check_beside import check_beside
from kerasrec.export.packed import Packed
from kerasrec.export.string_lookup import string_lookup


class RequestReader(tf.Module):
    """Reads the inputs of `recommend` and of the other signatures that answer a query.

    Every input has a default, and an input of one row stands for all rows of the others.

    Args:
        model: An adapted `Recommender`.
        k: The most answers.
        item_rows: The lookup of item ids.
        histories: Store the history of each known user: it answers a request that gives none.
    """

    def __init__(self, model, k, item_rows, histories=True):
        super().__init__()
        self.k, self.item_rows, self.read = k, item_rows, model.query_inputs
        self.masks = model.repeats == "mask"
        sources = {QUERY_INPUTS[name].source for name in self.read}
        if "histories" in model.capabilities:
            sources.add("history")
        self.length = model.schema.history_length
        self.stored = None
        if histories:
            sources.add("user")
        self.inputs = {name: each for name, each in REQUEST_INPUTS.items() if name in sources}
        self.columns = [name for name, each in self.inputs.items() if each.axis == "step"]
        lookups = {"history": item_rows}
        if "user" in self.inputs:
            lookups["user"] = string_lookup(model.users.vocabulary)
        if "behavior" in self.inputs:
            lookups["behavior"] = string_lookup(model.behaviors)
        self.lookups = lookups
        if histories:
            self.stored = _Stored(model.histories, self.columns)

    def query(self):
        """Who is asked about: shape and default of each input."""
        return {
            name: (each.shape, each.default_array(each.default))
            for name, each in self.inputs.items()
        }

    def options(self):
        """What an answer may hold: shape and default of each input."""
        return {
            name: (each.shape, each.default_array(self.k if name == "k" else each.default))
            for name, each in REQUEST_OPTIONS.items()
        }

    def limits(self):
        """The options of a ranking that knows no history."""
        return {name: given for name, given in self.options().items() if name != "repeats"}

    def __call__(self, request, size):
        """The model's inputs by name, each `(size, ...)`, and `seen` `(size, any)` item rows."""
        found, user = {}, None
        if "user" in request:
            user = every(self._rows("user", request["user"]), size)
            found["user"] = tf.maximum(user, UNKNOWN)
        columns = self._history(request, user, size)
        if columns is None:  # a model of users alone, without what they did
            found["seen"] = tf.zeros((size, 1), tf.int32)
            return found
        items = columns["history"]
        packed = Packed(items, self.length)
        found["seen"] = packed.all(items)
        for each in (QUERY_INPUTS[name] for name in self.read):
            if each.per_step:
                column = packed.all(columns[each.source])
                column = _gaps(column, each.missing) if each.difference else column
                found[each.name] = packed.cut(tf.cast(column, each.dtype))
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
        masked, given = tf.equal(repeats, "mask"), tf.not_equal(repeats, "")
        known = tf.reduce_all(masked | ~given | tf.equal(repeats, "allow"))
        expected = f"{CHECK}repeats: expected mask, allow or nothing: got"
        tf.debugging.Assert(known, [expected, repeats], summarize=3)
        return masked | (~given & self.masks)

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
            items = every(self._rows("history", ids), size)
            given = {"history": items}
            for name in self.columns:
                if name == "history":
                    continue
                check_beside(name, request[name], request["history"])
                given[name] = _as_wide(every(self._rows(name, request[name]), size), items)
        if self.stored is None:
            return given
        if given is None:
            return self.stored(user)
        silent = every(tf.reduce_all(ids == "", axis=1), size)
        stored = self.stored(tf.where(silent, user, PADDING))
        return {name: tf.concat([given[name], stored[name]], axis=1) for name in given}

    def _rows(self, name, values):
        """An input after the lookup of its ids, of the dtype that histories are stored in."""
        if name in self.lookups:
            values = self.lookups[name](values)
        return tf.cast(values, REQUEST_INPUTS[name].row_dtype)


class _Stored(tf.Module):
    """The history of each known user, in time order."""

    def __init__(self, histories, columns):
        super().__init__()
        self.indptr = tf.Variable(histories.indptr, trainable=False, name="stored_indptr")
        self.columns = {
            name: tf.Variable(column, trainable=False, name=f"stored_{name}")
            for name, column in histories.step_columns(["history", *columns]).items()
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


def batch_size(request):
    """Rows of a request: those of its longest input."""
    return tf.reduce_max(tf.stack([tf.shape(x)[0] for x in request.values()]))


def every(x, size):
    """`x` for each of `size` rows: as it is, or its one row repeated."""
    return tf.broadcast_to(x, tf.concat([[size], tf.shape(x)[1:]], axis=0))


def _one_more(x):
    return [[0, 0], [0, tf.cast(tf.shape(x)[1] == 0, tf.int32)]]


def _as_wide(column, items):
    """With padding at the last items, for which the request has no value."""
    # Where it is wider there is padding alone, or `check_beside` stops: a pad must not before it.
    width = tf.shape(items)[1]
    column = column[:, :width]
    return tf.pad(column, [[0, 0], [0, width - tf.shape(column)[1]]])


def _gaps(timestamp, missing):
    """Seconds since the step before, as of `time_gaps`."""
    before = tf.concat([timestamp[:, :1], timestamp[:, :-1]], axis=1)
    gap = tf.maximum(tf.cast(timestamp - before, tf.float32), 0.0)
    return tf.where((timestamp > 0) & (before > 0), gap, missing)
