"""From the strings of a request to the rows that a model reads, inside the served graph."""

import numpy as np
import tensorflow as tf

from kerasrec.data.query_spec import (
    QUERY_INPUTS,
    RECENT_INPUTS,
    REQUEST_INPUTS,
    REQUEST_OPTIONS,
    query_spec,
    recent_input,
    user_input,
)
from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.errors import CHECK
from kerasrec.export import lists
from kerasrec.export.check_beside import check_beside
from kerasrec.export.id_lookup import IdLookup
from kerasrec.export.raw_features import RawFeatures
from kerasrec.id_list import LEAST, MOST
from kerasrec.models.requests.request_user_features import user_encoders

# The items that were seen, beside the inputs by name: with a dot, as no feature of a request.
SEEN = "history.seen"


class RequestReader(tf.Module):
    """Reads the inputs of `recommend` and of the other signatures that answer a query.

    Every input has a default, and an input of one row stands for all rows of the others.

    Args:
        model: An adapted `Recommender`.
        k: The most answers.
        item_rows: `IdLookup` of the items.
        histories: Store the history of each known user: it answers a request that gives none.
    """

    def __init__(self, model, k, item_rows, histories=True):
        super().__init__()
        self.k, self.item_rows, self.read = k, item_rows, model.query_inputs
        self.masks = model.repeats == "mask"
        self.ruled = model.rules is not None
        spec = QUERY_INPUTS | query_spec(model.schema)
        self.spec = [spec[name] for name in self.read]
        sources = {each.source for each in self.spec}
        self.context = RawFeatures(
            {name: one for name, one in model.context.items() if name in self.read}
        )
        self.user_features = RawFeatures(user_encoders(model))
        self.stored_features = model.user_catalog
        if "histories" in model.capabilities:
            sources.add("history")
        self.length = model.schema.history_length
        self.value_range = model.value_range
        self.stored = None
        if histories:
            sources.add("user")
        self.inputs = {name: each for name, each in REQUEST_INPUTS.items() if name in sources}
        self.columns = [name for name, each in self.inputs.items() if each.axis == "step"]
        # Also for a model without histories: what was just done is seen.
        recent = map(recent_input, dict.fromkeys(["history", *self.columns]))
        self.recent = {name: RECENT_INPUTS[name] for name in recent if name in RECENT_INPUTS}
        lookups = {"history": item_rows}
        if "user" in self.inputs:
            lookups["user"] = IdLookup(model.users.vocabulary)
        if "behavior" in self.inputs:
            lookups["behavior"] = IdLookup(model.behaviors)
        self.lookups = lookups
        if histories:
            self.stored = _Stored(model.histories, self.columns)

    def query(self):
        """Who is asked about: shape and default of each input."""
        known = {
            name: (each.shape, each.default_array(each.default))
            for name, each in (self.inputs | self.recent).items()
        }
        of_users = {user_input(k): x for k, x in self.user_features.defaults().items()}
        return known | self.context.defaults() | of_users

    def options(self):
        """What an answer may hold: shape and default of each input."""
        return {
            name: (each.shape, each.default_array(self.k if name == "k" else each.default))
            for name, each in REQUEST_OPTIONS.items()
            if self.ruled or not each.of_rules
        }

    def limits(self):
        """The options of a ranking that knows no history and no rules."""
        options = self.options()
        return {name: options[name] for name in ("exclude", "allow", "k")}

    def __call__(self, request, size):
        """The model's inputs by name, each `(size, ...)`, and `SEEN`, the lists of item rows."""
        context = {name: request[name] for name in self.context.features}
        found = {
            name: every(tf.cast(x, self.context.features[name].dtype), size)
            for name, x in self.context(context).items()
        }
        user = None
        if "user" in request:
            user = every(self._rows("user", request["user"]), size)
            user = tf.maximum(user, UNKNOWN)
            found["user"] = user
            found |= self._features_of(user, request, size)
        columns = self._recent(request, size)
        if (past := self._history(request, user, size)) is not None:
            columns = {name: lists.joined(past[name], columns[name]) for name in past}
        real = columns["history"].values > UNKNOWN
        columns = {name: lists.chosen(column, real) for name, column in columns.items()}
        found[SEEN] = columns["history"]
        for each in self.spec:
            if each.per_step:
                column = columns[each.source]
                values = _gaps(column, each.missing) if each.difference else column.values
                column = column.with_values(tf.cast(values, each.dtype))
                found[each.name] = lists.last(column, self.length)
        return found

    def limited(self, request, seen=None):
        """What `search_allowed` takes: `exclude`, `allow`, item rows, and `k`, each `(batch, ...)`.

        With `seen`, the lists of what was seen, `exclude` consists of lists too.
        """
        size = batch_size(request)
        exclude, allow = (
            every(self.item_rows(request[name]), size) for name in ("exclude", "allow")
        )
        if seen is not None:
            kept = every(self._masked(request["repeats"]), size)
            seen = lists.chosen(seen, tf.gather(kept, lists.owners(seen)))
            exclude = lists.joined(lists.as_lists(exclude), seen)
        return exclude, allow, every(request["k"], size)

    def wishes(self, request):
        """What `Reranked.rank_catalog` takes of a request, `(batch, any)`; empty without rules."""
        if not self.ruled:
            return {}
        size, factor = batch_size(request), request["boost_factor"]
        boost = request["boost"]
        width = tf.maximum(tf.shape(boost)[1], tf.shape(factor)[1])
        boost = tf.pad(boost, [[0, 0], [0, width - tf.shape(boost)[1]]])
        factor = every(tf.pad(factor, [[0, 0], [0, width - tf.shape(factor)[1]]]), size)
        boost = every(boost, size)
        fits = tf.where(boost == "", factor == 0, (factor >= LEAST) & (factor <= MOST))
        expected = f"{CHECK}boost_factor: expected a number above 0 for each item of boost: got"
        tf.debugging.Assert(tf.reduce_all(fits), [expected, factor, "for", boost], summarize=3)
        # At least one column: a model need not score nothing.
        pin = tf.pad(request["pin"], [[0, 0], [0, 1]])
        return {
            "pin": every(self.item_rows(pin), size),
            "boost": self.item_rows(boost),
            "boost_factor": factor,
        }

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
            dtype = {"O": tf.string, "f": tf.float32}.get(default.dtype.kind, tf.int64)
            if None not in shape[1:]:
                value = np.asarray(default[0]).tolist()
                features[name] = tf.io.FixedLenFeature(shape[1:], dtype, value)
            else:
                padding = np.asarray(default).ravel()[0]
                features[name] = tf.io.FixedLenSequenceFeature((), dtype, True, padding)
        request = tf.io.parse_example(examples, features)
        return {
            name: x if inputs[name][1].dtype == object else tf.cast(x, inputs[name][1].dtype)
            for name, x in request.items()
        }

    def _features_of(self, user, request, size):
        """Features of the users: those of the request, in place of what is stored."""
        if not self.user_features.features:
            return {}
        raw = {name: request[user_input(name)] for name in self.user_features.features}
        given = {name: every(x, size) for name, x in self.user_features.given(raw).items()}
        own, found = self.user_features(raw), {}
        for name, stored in self.stored_features(user).items():
            found[user_input(name)] = stored
            if name in raw:
                here = tf.reshape(given[name], [-1] + [1] * (len(stored.shape) - 1))
                encoded = every(tf.cast(own[name], stored.dtype), size)
                found[user_input(name)] = tf.where(here, encoded, stored)
        return found

    def _history(self, request, user, size):
        """Lists of what was done, by column: those given, else the stored ones, or None."""
        given = None
        if "history" in request:
            given = self._lists(request, {name: name for name in self.columns}, size)
        if self.stored is None:
            return given
        if given is None:
            return self.stored(user)
        silent = every(tf.reduce_all(request["history"] == "", axis=1), size)
        stored = self.stored(tf.where(silent, user, PADDING))
        return {name: lists.joined(given[name], stored[name]) for name in given}

    def _recent(self, request, size):
        """Lists of what was done after that, by column."""
        names = {name: recent_input(name) for name in ["history", *self.columns]}
        return self._lists(request, names, size)

    def _lists(self, request, names, size):
        """Lists by column, of the inputs with these names, of which all but the items may miss."""
        ids = request[names["history"]]
        items = every(self._rows("history", ids), size)
        found = {"history": items}
        for name, given in names.items():
            if name == "history":
                continue
            if given not in request:
                found[name] = tf.fill(tf.shape(items), nothing(name))
                continue
            check_beside(given, request[given], ids, self.value_range)
            column = every(self._rows(name, request[given]), size)
            found[name] = as_wide(column, items, nothing(name))
        return {name: lists.as_lists(column) for name, column in found.items()}

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
        # What only requests have is not stored.
        self.absent = [n for n in columns if n in QUERY_INPUTS and QUERY_INPUTS[n].request_only]
        stored = ["history", *(name for name in columns if name not in self.absent)]
        self.columns = {
            name: tf.Variable(column, trainable=False, name=f"stored_{name}")
            for name, column in histories.step_columns(stored).items()
        }

    def __call__(self, user):
        """Lists by column for user rows `(batch,)`; empty ones for padding and unknown."""
        known = user >= FIRST
        first = tf.gather(self.indptr, user)
        beyond = tf.where(known, tf.gather(self.indptr, user + 1), first)
        places = lists.ranges(first, beyond)
        found = {
            name: places.with_values(tf.gather(column, places.values))
            for name, column in self.columns.items()
        }
        for name in self.absent:
            found[name] = places.with_values(tf.fill(tf.shape(places.values), nothing(name)))
        return found


def nothing(name):
    """The value of an input of the steps where there is none, after the lookup of its ids."""
    each = REQUEST_INPUTS[name]
    value = PADDING if each.dtype == "string" else each.default
    return np.asarray(value, each.row_dtype)


def batch_size(request):
    """Rows of a request: those of its longest input."""
    return tf.reduce_max(tf.stack([tf.shape(x)[0] for x in request.values()]))


def every(x, size):
    """`x` for each of `size` rows: as it is, or its one row repeated."""
    return tf.broadcast_to(x, tf.concat([[size], tf.shape(x)[1:]], axis=0))


def as_wide(column, items, padding):
    """With padding at the last items, for which the request has no value."""
    # Where it is wider there is padding alone, or `check_beside` stops: a pad must not before it.
    width = tf.shape(items)[1]
    column = column[:, :width]
    return tf.pad(column, [[0, 0], [0, width - tf.shape(column)[1]]], constant_values=padding)


def _gaps(timestamps, missing):
    """Seconds of each step since the step before, as of `time_gaps`."""
    timestamp, splits = timestamps.values, timestamps.row_splits
    is_first = tf.equal(tf.range(splits[-1]), tf.gather(splits, lists.owners(timestamps)))
    before = tf.where(is_first, timestamp, tf.concat([timestamp[:1], timestamp[:-1]], axis=0))
    gap = tf.maximum(tf.cast(timestamp - before, tf.float32), 0.0)
    return tf.where((timestamp > 0) & (before > 0), gap, missing)
