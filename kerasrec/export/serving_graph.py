"""The graph that is served: lookups of strings around the model's own query and item side."""

import keras
import tensorflow as tf

from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.export.raw_features import RawFeatures
from kerasrec.models.top_k import TopK


class ServingGraph(tf.Module):
    """Traces the signatures of a model.

    Args:
        model: An adapted `Recommender`.
        k: Items in an answer.
    """

    def __init__(self, model, k):
        super().__init__()
        self.model = model
        self.item_rows = _lookup(model.items.vocabulary)
        self.item_ids = _lookup(model.items.vocabulary, invert=True)
        self.user_rows = _lookup(model.users.vocabulary)
        self.catalog = tf.Variable(model.encode_catalog(), trainable=False, name="catalog")
        self.top_k = TopK(k)
        self.raw_features = RawFeatures(model.items.encoders)

    def write(self, directory):
        """Writes the SavedModel to `directory`."""
        query = {
            "user": tf.TensorSpec((None,), tf.string, name="user"),
            "history": tf.TensorSpec((None, None), tf.string, name="history"),
        }
        query = {name: query[name] for name in self.model.query_inputs}
        item = tf.TensorSpec((None,), tf.string, name="item")
        exclude = tf.TensorSpec((None, None), tf.string, name="exclude")
        archive = keras.export.ExportArchive()
        archive.track(self)
        archive.add_endpoint("recommend", self.recommend, [{**query, "exclude": exclude}])
        archive.add_endpoint("score", self.score, [{**query, "item": item}])
        if self.model.searchable:
            archive.add_endpoint("embed_user", self.embed_user, [query])
            raw = {"item": item, **self.raw_features.signature()}
            archive.add_endpoint("embed_items", self.embed_items, [raw])
        archive.write_out(str(directory), verbose=False)

    def recommend(self, request):
        rows = self._rows(request)
        answer = self.top_k(self._scores(rows), exclude=self._seen(request, rows))
        return {"item": self.item_ids(answer["rows"]), "score": answer["scores"]}

    def score(self, request):
        item, query = self.item_rows(request["item"]), self._encode(self._rows(request))
        if hasattr(self.model, "item_tower"):
            return {"score": self.model.scorer.each(query, tf.gather(self.catalog, item))}
        scores = self.model.score_catalog(query, self.catalog)
        return {"score": tf.gather(scores, item, axis=1, batch_dims=1)}

    def embed_user(self, request):
        return {"vector": self._encode(self._rows(request))}

    def embed_items(self, request):
        tower = self.model.item_tower
        rows = tf.cast(self.item_rows(request["item"]), tf.int32)
        stored = tower.catalog(rows)
        features = {"item": rows}
        for name, raw in self.raw_features(request).items():
            known = tf.reshape(rows >= FIRST, [-1] + [1] * (len(raw.shape) - 1))
            features[name] = tf.where(known, stored[name], tf.cast(raw, stored[name].dtype))
        features["count"] = stored["count"]
        return {"vector": tower.encoder({name: features[name] for name in tower.encoder.input})}

    def _rows(self, request):
        rows = {}
        if "user" in request:
            rows["user"] = tf.cast(self.user_rows(request["user"]), tf.int32)
        if "history" in request:
            known = _real_first(self.item_rows(request["history"]))
            rows["all_history"] = known
            rows["history"] = _last(known, self.model.schema.history_length)
        return rows

    def _encode(self, rows):
        return self.model.query_model({name: rows[name] for name in self.model.query_inputs})

    def _scores(self, rows):
        return self.model.score_catalog(self._encode(rows), self.catalog)

    def _seen(self, request, rows):
        exclude = tf.cast(self.item_rows(request["exclude"]), tf.int32)
        return tf.concat([exclude, rows["all_history"]], 1) if "all_history" in rows else exclude


def _lookup(vocabulary, invert=False):
    ids, unknown = list(vocabulary.ids), "[unknown]"
    while unknown in vocabulary:
        unknown += "?"
    return keras.layers.StringLookup(
        vocabulary=ids, mask_token="", oov_token=unknown, invert=invert
    )


def _real_first(rows):
    """Rows `(batch, any)` with padding and unknown ids moved to the right and set to padding."""
    rows = tf.cast(rows, tf.int32)
    skipped = rows <= UNKNOWN
    order = tf.argsort(tf.cast(skipped, tf.int32), axis=1, stable=True)
    return tf.gather(tf.where(skipped, PADDING, rows), order, axis=1, batch_dims=1)


def _last(rows, length):
    """The last `length` real rows of each history that `_real_first` has packed."""
    real = tf.reduce_sum(tf.cast(rows != PADDING, tf.int32), axis=1, keepdims=True)
    width = tf.minimum(tf.shape(rows)[1], length)
    index = tf.maximum(real - width, 0) + tf.range(width)[None]
    return tf.gather(rows, index, axis=1, batch_dims=1)
