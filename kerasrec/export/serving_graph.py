"""The graph that is served: lookups of strings around the model's own query and item side."""

import keras
import tensorflow as tf

from kerasrec.data.vocabulary import FIRST, UNKNOWN
from kerasrec.export.explained import history_reasons, word_reasons
from kerasrec.export.raw_features import NO_WORDS, RawFeatures
from kerasrec.layers.content_encoder import CODE


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
        if model.behaviors is not None:
            self.behavior_rows = _lookup(model.behaviors)
        self.catalog = tf.Variable(model.encode_catalog(), trainable=False, name="catalog")
        self.k = k
        self.explains = model.searchable and "history" in model.query_inputs
        texts = getattr(getattr(model, "content_encoder", None), "texts", None) or {}
        self.words = {}
        if self.explains and model.content_columns is not None:
            vocabularies = {name: model.items.encoders[name].vocabulary for name in texts}
            self.words = {name: _lookup(each, invert=True) for name, each in vocabularies.items()}
        self.raw_features = RawFeatures(model.items.encoders)

    def write(self, directory):
        """Writes the SavedModel to `directory`."""
        query = {
            "user": tf.TensorSpec((None,), tf.string, name="user"),
            "history": tf.TensorSpec((None, None), tf.string, name="history"),
        }
        # What was done at each item of the history, and when: "" and 0 where it is not known.
        query["behavior"] = tf.TensorSpec((None, None), tf.string, name="behavior")
        query["timestamp"] = tf.TensorSpec((None, None), tf.int64, name="timestamp")
        asked = {"time_gap": "timestamp"}
        names = [asked.get(name, name) for name in self.model.query_inputs]
        query = {name: query[name] for name in names}
        item = tf.TensorSpec((None,), tf.string, name="item")
        exclude = tf.TensorSpec((None, None), tf.string, name="exclude")
        archive = keras.export.ExportArchive()
        archive.track(self)
        archive.add_endpoint("recommend", self.recommend, [{**query, "exclude": exclude}])
        if self.explains:
            explained = [{**query, "exclude": exclude}]
            archive.add_endpoint("recommend_explained", self.recommend_explained, explained)
        archive.add_endpoint("score", self.score, [{**query, "item": item}])
        if self.model.searchable:
            archive.add_endpoint("embed_user", self.embed_user, [query])
            raw = {"item": item, **self.raw_features.signature()}
            archive.add_endpoint("embed_items", self.embed_items, [raw])
        archive.write_out(str(directory), verbose=False)

    def recommend(self, request):
        rows = self._rows(request)
        seen = self._seen(request, rows)
        answer = self.model.rank_catalog(self._encode(rows), self.catalog, self.k, exclude=seen)
        return {"item": self.item_ids(answer["rows"]), "score": answer["scores"]}

    def recommend_explained(self, request):
        rows = self._rows(request)
        query, seen = tf.cast(self._encode(rows), tf.float32), self._seen(request, rows)
        answer = self.model.rank_catalog(query, self.catalog, self.k, exclude=seen)
        score, answered = answer["scores"], answer["rows"]
        inputs = {name: rows[name] for name in self.model.query_inputs}
        items, parts = history_reasons(self.model, inputs, query, self.catalog, answered)
        said = {"item": self.item_ids(answered), "score": score}
        said |= {"reason_item": self.item_ids(items), "reason": parts}
        if self.model.content_columns is not None:
            content = self.model.content_scores(query, self.catalog, answered)
            content = tf.where(answered >= FIRST, content, 0.0)
            behavior = tf.where(answered >= FIRST, score - content, 0.0)
            said |= {"from_content": content, "from_behavior": behavior}
        if self.words:
            words, features, parts = word_reasons(self.model, query, answered, self.words)
            said |= {"word": words, "word_feature": features, "word_reason": parts}
        return said

    def score(self, request):
        item, query = self.item_rows(request["item"]), self._encode(self._rows(request))
        return {"score": self.model.score_rows(query, self.catalog, item)}

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
        if self.model.code is not None:
            known = (rows >= FIRST)[:, None]
            features[CODE] = tf.where(known, stored[CODE], self.model.code(features))
        return {"vector": tower.encoder({name: features[name] for name in tower.encoder.input})}

    def _rows(self, request):
        rows = {}
        # A history of no items at all is one of padding: an encoder needs a step.
        request = {
            name: tf.pad(x, [[0, 0], [0, tf.cast(tf.shape(x)[1] == 0, tf.int32)]])
            if name in ("history", "behavior", "timestamp")
            else x
            for name, x in request.items()
        }
        if "user" in request:
            rows["user"] = tf.cast(self.user_rows(request["user"]), tf.int32)
        if "history" in request:
            items = tf.cast(self.item_rows(request["history"]), tf.int32)
            packed = _Packed(items, self.model.schema.history_length)
            rows["all_history"], rows["history"] = packed.all(items), packed.last(items)
            if "behavior" in request:
                done = tf.cast(self.behavior_rows(request["behavior"]), tf.int32)
                rows["behavior"] = packed.last(done)
            if "timestamp" in request:
                rows["time_gap"] = packed.cut(_gaps(packed.all(request["timestamp"])))
        return rows

    def _encode(self, rows):
        return self.model.query_model({name: rows[name] for name in self.model.query_inputs})

    def _seen(self, request, rows):
        exclude = tf.cast(self.item_rows(request["exclude"]), tf.int32)
        return tf.concat([exclude, rows["all_history"]], 1) if "all_history" in rows else exclude


def _lookup(vocabulary, invert=False):
    ids, unknown = list(vocabulary.ids) or NO_WORDS, "[unknown]"
    while unknown in vocabulary:
        unknown += "?"
    return keras.layers.StringLookup(
        vocabulary=ids, mask_token="", oov_token=unknown, invert=invert
    )


class _Packed:
    """Columns of a history with padding and unknown items moved to the right and set to 0."""

    def __init__(self, items, length):
        skipped = items <= UNKNOWN
        self.order = tf.argsort(tf.cast(skipped, tf.int32), axis=1, stable=True)
        real = tf.reduce_sum(tf.cast(~skipped, tf.int32), axis=1, keepdims=True)
        self.real = tf.range(tf.shape(items)[1])[None] < real
        width = tf.minimum(tf.shape(items)[1], length)
        self.places = tf.maximum(real - width, 0) + tf.range(width)[None]

    def all(self, column):
        column = tf.gather(column, self.order, axis=1, batch_dims=1)
        return tf.where(self.real, column, tf.zeros((), column.dtype))

    def last(self, column):
        """Of the last `length` items."""
        return self.cut(self.all(column))

    def cut(self, packed):
        return tf.gather(packed, self.places, axis=1, batch_dims=1)


def _gaps(timestamp):
    """Seconds since the item before; -1 where one of both times is not known, which is 0."""
    before = tf.concat([timestamp[:, :1], timestamp[:, :-1]], axis=1)
    gap = tf.maximum(tf.cast(timestamp - before, tf.float32), 0.0)
    return tf.where((timestamp > 0) & (before > 0), gap, -1.0)
