"""What the items that a user took have in common, inside the served graph."""

import numpy as np
import scipy.sparse
import tensorflow as tf

from kerasrec.data.query_spec import ITEM_WEIGHT, REQUEST_INPUTS
from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import CHECK
from kerasrec.export import lists
from kerasrec.export.check_beside import check_beside
from kerasrec.export.request_reader import as_wide, batch_size, every
from kerasrec.models.item_column import kept_column
from kerasrec.models.profiles.item_values import item_values
from kerasrec.models.profiles.user_profile import (
    DAY,
    DAYS,
    HOUR,
    HOURS,
    OF_DAY,
    OF_WEEK,
    THURSDAY,
)

# Values of a feature in an answer.
MOST_VALUES = 10
TINY = np.finfo("float32").tiny


def kept_values(model):
    """The `ItemValues` of the features that a checkpoint of a model keeps."""
    return [each for each in item_values(model) if kept_column(model, each.feature) is not None]


class Profiles(tf.Module):
    """Computes what `Recommender.profile` does: weights of values of features.

    Args:
        values: `kept_values` of the model, at least one.
        item_rows: `IdLookup` of the items.
        reader: `RequestReader`, whose stored histories are read for a request without items.
    """

    def __init__(self, values, item_rows, reader):
        super().__init__()
        self.item_rows, self.reader = item_rows, reader
        self.timed = "timestamp" in reader.inputs
        # The values of all features as one table, so that the graph does not grow with them.
        table = scipy.sparse.hstack([each.table for each in values]).tocsr()
        self.indptr = _variable(table.indptr.astype("int32"), "indptr")
        self.indices = _variable(table.indices.astype("int32"), "indices")
        shares = table.data.astype("float32")
        # Those of soft buckets alone are no ones.
        self.shares = None if (shares == 1).all() else _variable(shares, "shares")
        # For a word the share of all items that have it; 0 for any other value.
        usual = [_usual(each) for each in values]
        labels, self.names = [each.labels for each in values], [each.feature for each in values]
        self.hours = table.shape[1]
        if self.timed:
            self.names += [OF_DAY, OF_WEEK]
            labels += [np.array(HOURS, object), np.array(DAYS, object)]
            usual += [np.zeros(len(HOURS), "float32"), np.zeros(len(DAYS), "float32")]
        self.usual = _variable(np.concatenate(usual), "usual")
        self.labels = _variable(np.concatenate(labels), "labels")
        counts = [len(each) for each in labels]
        self.features = _variable(np.repeat(np.arange(len(labels), dtype="int32"), counts), "of")

    def inputs(self):
        """Shape and default of each input."""
        names = ["history", *(["timestamp"] if self.timed else [])]
        if self.reader.stored is not None:
            names.insert(0, "user")
        found = {name: REQUEST_INPUTS[name] for name in names}
        found = {
            name: (each.shape, each.default_array(each.default)) for name, each in found.items()
        }
        return {**found, ITEM_WEIGHT: ((None, None), np.full([1, 1], np.nan, "float32"))}

    def __call__(self, request):
        """Returns `feature`, `value`, `weight` and `items`, each `(batch, MOST_VALUES a feature)`.

        The values of a feature stand together, the largest weight first; "" and 0 fill up.
        """
        size = batch_size(request)
        taken, weights, seconds = self._taken(request, size)
        owner = lists.owners(taken)
        # Divided first: the sum of large weights may overflow.
        largest = tf.math.unsorted_segment_max(weights, owner, size)
        weights = tf.math.divide_no_nan(weights, tf.gather(largest, owner))
        totals = tf.math.unsorted_segment_sum(weights, owner, size)
        weights = tf.math.divide_no_nan(weights, tf.gather(totals, owner))
        pairs = [self._pairs(taken.values, owner, weights)]
        if self.timed:
            known = tf.where(seconds > 0)[:, 0]
            seconds, owner, weights = (tf.gather(x, known) for x in (seconds, owner, weights))
            ones = tf.ones_like(owner)
            hours, days = seconds // HOUR % 24, (seconds // DAY + THURSDAY) % 7
            for place, first in ((hours, self.hours), (days, self.hours + len(HOURS))):
                pairs.append((owner, tf.cast(place, tf.int32) + first, weights, ones))
        owner, values, weights, has = (tf.concat(column, 0) for column in zip(*pairs, strict=True))
        return self._best(owner, values, weights, has, size)

    def _pairs(self, items, owner, weights):
        """The query, the value, the weight and 1 for each value that an item has."""
        starts = tf.gather(self.indptr, items)
        places = lists.ranges(starts, tf.gather(self.indptr, items + 1))
        item = lists.owners(places)
        weights, has = tf.gather(weights, item), tf.ones_like(item)
        if self.shares is not None:
            shares = tf.gather(self.shares, places.values)
            weights, has = weights * shares, tf.cast(shares > 0, tf.int32)
        return tf.gather(owner, item), tf.gather(self.indices, places.values), weights, has

    def _best(self, owner, values, weights, has, size):
        """The values of largest summed weight of each query and feature; ties to the earlier."""
        # Pairs of a query and a value as one number, sorted: no table of all pairs is needed.
        count = self.labels.shape[0]
        pairs = tf.cast(owner, tf.int64) * count + tf.cast(values, tf.int64)
        order = tf.argsort(pairs, stable=True)
        distinct, places = tf.unique(tf.gather(pairs, order))
        number = tf.shape(distinct)[0]
        sums = tf.math.unsorted_segment_sum(tf.gather(weights, order), places, number)
        items = tf.math.unsorted_segment_sum(tf.gather(has, order), places, number)
        owner, values = tf.cast(distinct // count, tf.int32), tf.cast(distinct % count, tf.int32)
        usual = tf.gather(self.usual, values)
        # The weight p of a word becomes p log(p / usual).
        rarity = tf.math.log(tf.maximum(sums, TINY) / tf.maximum(usual, TINY))
        sums = tf.where(usual > 0, sums * rarity, sums)
        best = tf.argsort(-sums, stable=True)
        best = tf.gather(best, tf.where(tf.gather(sums, best) > 0)[:, 0])
        features = len(self.names)
        row = tf.gather(owner * features + tf.gather(self.features, values), best)
        best = lists.from_pairs(row, best, size * features)

        def first(column):
            column = best.with_values(tf.gather(column, best.values))
            return tf.reshape(lists.first(column, MOST_VALUES), [size, features * MOST_VALUES])

        value = first(tf.gather(self.labels, values))
        name = tf.where(value == "", "", tf.constant(np.repeat(self.names, MOST_VALUES)[None]))
        return {"feature": name, "value": value, "weight": first(sums), "items": first(items)}

    def _taken(self, request, size):
        """Lists of the known items that were taken; their weights, and times or None."""
        ids, weight = request["history"], request[ITEM_WEIGHT]
        rows = every(self.item_rows(ids), size)
        real = rows >= FIRST
        given = ~tf.math.is_nan(weight)
        beyond = tf.reduce_any(given[:, tf.shape(ids)[1] :])
        weight, given = (
            every(as_wide(x, ids, nothing), size)
            for x, nothing in ((weight, np.nan), (given, False))
        )
        missing = tf.reduce_any(given, axis=1, keepdims=True) & real & ~given
        wrong = given & ~((weight >= 0) & tf.math.is_finite(weight))
        expected = (
            f"{CHECK}{ITEM_WEIGHT}: expected a finite weight of 0 or more for each item of the "
            "history, or none: got"
        )
        bad = beyond | tf.reduce_any(missing | wrong)
        tf.debugging.Assert(~bad, [expected, request[ITEM_WEIGHT], "for", ids], summarize=5)
        columns = {"history": rows, ITEM_WEIGHT: tf.where(given, weight, 1.0)}
        if self.timed:
            check_beside("timestamp", request["timestamp"], ids)
            columns["timestamp"] = every(as_wide(request["timestamp"], ids, 0), size)
        columns = {name: lists.as_lists(column) for name, column in columns.items()}
        if self.reader.stored is not None:
            user = every(self.reader.lookups["user"](request["user"]), size)
            silent = every(tf.reduce_all(ids == "", axis=1), size)
            stored = self.reader.stored(tf.where(silent, user, PADDING))
            ones = tf.ones_like(stored["history"].values, tf.float32)
            stored[ITEM_WEIGHT] = stored["history"].with_values(ones)
            columns = {name: lists.joined(one, stored[name]) for name, one in columns.items()}
        known = columns["history"].values >= FIRST
        columns = {name: lists.chosen(column, known) for name, column in columns.items()}
        seconds = columns["timestamp"].values if self.timed else None
        return columns["history"], columns[ITEM_WEIGHT].values, seconds


def _usual(values):
    if values.kind == "text":
        return values.usual().astype("float32")
    return np.zeros(len(values.labels), "float32")


def _variable(values, name):
    return tf.Variable(values, trainable=False, name=f"profile_{name}")
