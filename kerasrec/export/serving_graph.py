"""The graph that is served: lookups of strings around the model's own query and item side."""

import numpy as np
import tensorflow as tf
from tensorflow.saved_model.experimental import TrackableResource

from kerasrec.data.query_spec import EXAMPLES
from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.export.explained import history_reasons, word_reasons
from kerasrec.export.raw_features import RawFeatures
from kerasrec.export.request_reader import RequestReader, batch_size, every
from kerasrec.export.search import search_allowed
from kerasrec.export.signature_defaults import write_defaults
from kerasrec.export.string_lookup import string_lookup
from kerasrec.layers.content_encoder import CODE


class ServingGraph(tf.Module):
    """Traces the signatures of a model.

    Args:
        model: An adapted `Recommender`.
        k: The most items in an answer.
        index: `ExactIndex` or `IVFIndex` of its item vectors, for a searchable model.
        histories: Keep what each known user did in the graph.

    Attributes:
        signatures: Name -> (method, inputs as name -> (shape, default)); a default of a dtype
            means that the input must be given.
    """

    def __init__(self, model, k, index=None, histories=True):
        super().__init__()
        self.model, self.k, self.index = model, k, index
        self.item_rows = string_lookup(model.items.vocabulary)
        self.item_ids = string_lookup(model.items.vocabulary, invert=True)
        self.reader = RequestReader(model, k, self.item_rows, histories)
        self.raw_features = RawFeatures(model.items.encoders)
        self.explains = model.searchable and "history" in model.query_inputs
        self.sizes = None
        if index is not None:
            self.sizes = _inverse_sizes(index.stored(), model.bias_columns)
        else:
            self.catalog = tf.Variable(model.encode_catalog(), trainable=False, name="catalog")
        texts = getattr(model.content_encoder, "texts", None) or {}
        self.words = {}
        if self.explains and model.content_columns is not None:
            vocabularies = {name: model.items.encoders[name].vocabulary for name in texts}
            self.words = {
                name: string_lookup(each, invert=True) for name, each in vocabularies.items()
            }
        self.signatures = self._signatures()

    def write(self, directory):
        """Writes the SavedModel to `directory`."""
        traced = {name: _traced(*given) for name, given in self.signatures.items()}
        traced["serving_default"] = traced["recommend"]
        # Alone what the graphs use: of the model itself all layers would be traced as well.
        served = tf.Module()
        served.used = list({id(v): v for each in traced.values() for v in each.variables}.values())
        parts = tf.train.TrackableView(self).descendants()
        served.tables = [part for part in parts if isinstance(part, TrackableResource)]
        tf.saved_model.save(served, str(directory), signatures=traced)
        defaults = {
            name: {key: given[1] for key, given in inputs.items() if _is_default(given[1])}
            for name, (_, inputs) in self.signatures.items()
        }
        write_defaults(directory, defaults)

    def recommend(self, request):
        """The best items of each query."""
        rows = self.reader(request)
        answer = self._rank(self._encode(rows), *self.reader.limited(request, rows["seen"]))
        return {"item": self.item_ids(answer["rows"]), "score": answer["scores"]}

    def recommend_examples(self, request):
        """As `recommend`, of serialized `tf.Example`s."""
        return self.recommend(self.reader.parsed(request[EXAMPLES]))

    def recommend_explained(self, request):
        """As `recommend`, with what each score rests on."""
        rows = self.reader(request)
        query = self._encode(rows)
        answer = self._rank(query, *self.reader.limited(request, rows["seen"]))
        score, answered = answer["scores"], answer["rows"]
        vectors = self.index.take(answered)
        inputs = {name: rows[name] for name in self.model.query_inputs}
        items, parts = history_reasons(self.model, inputs, query, vectors, answered)
        said = {"item": self.item_ids(answered), "score": score}
        said |= {"reason_item": self.item_ids(items), "reason": parts}
        if self.model.content_columns is not None:
            content = self.model.content_scores(query, vectors)
            content = tf.where(answered >= FIRST, content, 0.0)
            behavior = tf.where(answered >= FIRST, score - content, 0.0)
            said |= {"from_content": content, "from_behavior": behavior}
        if self.words:
            words, features, parts = word_reasons(self.model, query, answered, self.words)
            said |= {"word": words, "word_feature": features, "word_reason": parts}
        return said

    def score(self, request):
        """The score of one item for each query."""
        # A blank item is as unknown as any other.
        query, item = self._encode(self.reader(request)), tf.maximum(self._items(request), UNKNOWN)
        if self.index is not None:
            return {"score": self.index.each(query, item[:, None])[:, 0]}
        return {"score": self.model.score_rows(query, self.catalog, item)}

    def similar_items(self, request):
        """The items whose vectors point where that of an item does."""
        item = self._items(request)
        exclude, allow, k = self.reader.limited(request, seen=None)
        exclude = tf.concat([exclude, item[:, None]], axis=1)
        vectors, bias = self.index.take(item), self.model.bias_columns
        direction = vectors[:, : vectors.shape[1] - bias] * tf.gather(self.sizes, item)[:, None]
        query = tf.pad(direction, [[0, 0], [0, bias]])
        answer = search_allowed(self.index, query, self.k, exclude, allow, scale=self.sizes)
        answer = _cut(answer, tf.where(item >= FIRST, k, 0))
        return {"item": self.item_ids(answer["rows"]), "score": answer["scores"]}

    def embed_user(self, request):
        """The query's vector."""
        return {"vector": self._encode(self.reader(request))}

    def embed_items(self, request):
        """The vector of an item, one never seen from its raw features."""
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
        vector = tower.encoder({name: features[name] for name in tower.encoder.input})
        return {"vector": tf.cast(vector, tf.float32)}

    def _signatures(self):
        query, ids = self.reader.query(), ((None,), tf.string)
        asked = {**query, **self.reader.options()}
        found = {"recommend": (self.recommend, asked)}
        if self.explains:
            found["recommend_explained"] = (self.recommend_explained, asked)
        found["recommend_examples"] = (self.recommend_examples, {EXAMPLES: ids})
        found["score"] = (self.score, {**query, "item": ids})
        if self.sizes is not None:
            found["similar_items"] = (self.similar_items, {"item": ids, **self.reader.limits()})
        if self.model.searchable:
            found["embed_user"] = (self.embed_user, query)
            raw = {
                name: (tuple(spec.shape), spec.dtype)
                for name, spec in self.raw_features.signature().items()
            }
            found["embed_items"] = (self.embed_items, {"item": ids, **raw})
        return found

    def _items(self, request):
        item = tf.cast(self.item_rows(request["item"]), tf.int32)
        return every(item, batch_size(request))

    def _encode(self, rows):
        # As `predict` gives it: a model may compute in half precision, what ranks does not.
        query = self.model.query_model({name: rows[name] for name in self.model.query_inputs})
        return tf.cast(query, tf.float32)

    def _rank(self, query, exclude, allow, k):
        if self.index is not None:
            return _cut(search_allowed(self.index, query, self.k, exclude, allow), k)
        return _cut(self.model.rank_catalog(query, self.catalog, self.k, exclude, allow), k)


def _cut(answer, k):
    """As wide as the largest `k` `(batch,)` asks; row 0 and -inf from the k-th place on."""
    widest = tf.maximum(tf.reduce_max(k), 1)
    rows, scores = answer["rows"][:, :widest], answer["scores"][:, :widest]
    shown = tf.range(tf.shape(rows)[1])[None] < k[:, None]
    return {"rows": tf.where(shown, rows, PADDING), "scores": tf.where(shown, scores, -np.inf)}


def _inverse_sizes(vectors, bias_columns):
    """`(rows,)`: one by the length of each vector without its bias columns, 0 for zeros."""
    width = vectors.shape[1] - bias_columns
    if not width:
        return None
    sizes = np.linalg.norm(vectors[:, :width], axis=1)
    sizes = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    return tf.Variable(sizes, trainable=False, name="inverse_sizes")


def _traced(method, inputs):
    # Once: `tf.saved_model.save` would trace what is not concrete a second time.
    specs = {key: _spec(key, *given) for key, given in inputs.items()}
    return tf.function(method, input_signature=[specs]).get_concrete_function()


def _spec(name, shape, given):
    dtype = given
    if _is_default(given):
        dtype = tf.string if given.dtype == object else tf.as_dtype(given.dtype)
    return tf.TensorSpec(shape, dtype, name=name)


def _is_default(given):
    return isinstance(given, np.ndarray)
