"""The served graph: string lookups around the model's query tower and item vectors."""

import functools

import numpy as np
import tensorflow as tf
from tensorflow.saved_model.experimental import TrackableResource

from kerasrec.data.query_spec import EXAMPLES, SEARCH_TEXT
from kerasrec.data.vocabulary import FIRST, UNKNOWN
from kerasrec.export.explanations import history_reasons, word_reasons
from kerasrec.export.id_lookup import IdLookup
from kerasrec.export.lists import owners
from kerasrec.export.profiles import Profiles, kept_values
from kerasrec.export.raw_features import RawFeatures
from kerasrec.export.request_reader import SEEN, RequestReader, batch_size, every
from kerasrec.export.search import BlendIndex, IndexPool, search_allowed
from kerasrec.export.signature_defaults import write_defaults
from kerasrec.export.word_search import WordSearch
from kerasrec.layers.content_encoder import CODE
from kerasrec.models.item_statistics import STATISTICS
from kerasrec.models.requests.word_search import text_encoders

# With a dot, as no feature of a request: both are in one dict.
ROWS = "batch.rows"


class ServingGraph(tf.Module):
    """Traces the signatures of a model and writes them as a SavedModel.

    Args:
        model: An adapted `Recommender`.
        k: Maximum number of items in an answer.
        index: `ExactIndex` or `IVFIndex` of its item vectors, for a searchable model; `BlendIndex`
            or None for a `Blend`.
        histories: Store the history of each known user in the graph.

    Attributes:
        signatures: Name -> (method, inputs as name -> (shape, default)). A required input has its
            dtype in place of the default.
    """

    def __init__(self, model, k, index=None, histories=True):
        super().__init__()
        self.model, self.k = model, k
        self.candidates = index if isinstance(index, BlendIndex) else None
        self.index = index = None if self.candidates else index
        self.parts = model.searchable_parts
        self.item_rows = IdLookup(model.items.vocabulary)
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
            self.words = {name: IdLookup(each) for name, each in vocabularies.items()}
        self.word_search = self.profiles = None
        if index is not None and (encoders := text_encoders(model)):
            self.word_search = WordSearch(model, encoders, index, k)
        if values := kept_values(model):
            self.profiles = Profiles(values, self.item_rows, self.reader)
        self.signatures = self._signatures()
        # Functions of their own, so that the graph has them once and not in each signature.
        self.query_model = model.given_query_model if model.profile_inputs else model.query_model
        inputs = {name: (x.shape, x.dtype) for name, x in self.query_model.input.items()}
        self._encode = _function(self._encode, inputs)
        self._read = _function(self._read, {**self.reader.query(), ROWS: ((), tf.int32)})
        self._recommend = _function(*self.signatures["recommend"])

    def write(self, directory):
        """Writes the SavedModel to `directory`."""
        functions = {name: self.function(name) for name in self.signatures}
        # Concrete functions: `tf.saved_model.save` would trace any other a second time.
        traced = {name: each.get_concrete_function() for name, each in functions.items()}
        traced["serving_default"] = traced["recommend"]
        # Saving the model itself would also trace all its layers, so save only what is used.
        served = tf.Module()
        served.used = list({id(v): v for each in traced.values() for v in each.variables}.values())
        parts = tf.train.TrackableView(self).descendants()
        served.tables = [part for part in parts if isinstance(part, TrackableResource | IdLookup)]
        tf.saved_model.save(served, str(directory), signatures=traced)
        defaults = {
            name: {key: given[1] for key, given in inputs.items() if _is_default(given[1])}
            for name, (_, inputs) in self.signatures.items()
        }
        write_defaults(directory, defaults)

    def inputs(self):
        """Names of the inputs of all signatures, those of `recommend` first."""
        return list(dict.fromkeys(name for _, own in self.signatures.values() for name in own))

    def function(self, signature):
        """The `tf.function` of a signature."""
        if signature == "recommend":
            return self._recommend
        return _function(*self.signatures[signature])

    def recommend(self, request):
        """Returns the best items of each query."""
        rows = self._rows(request)
        answer = self._rank(self._query(rows), request, rows[SEEN])
        more = {name: x for name, x in answer.items() if name not in ("rows", "scores")}
        return {**self._named(answer), **more}

    def recommend_examples(self, request):
        """As `recommend`, from serialized `tf.Example`s."""
        return self._recommend(self.reader.parsed(request[EXAMPLES]))

    def recommend_explained(self, request):
        """As `recommend`, with the history items and words that contribute most to each score."""
        rows = self._rows(request)
        query = self._query(rows)
        answer = self._rank(query, request, rows[SEEN])
        score, answered = answer["scores"], answer["rows"]
        vectors = self.index.take(answered)
        inputs = self.model.of_query(rows)
        items, parts = history_reasons(self._encode, inputs, query, vectors, answered)
        outputs = {**self._named(answer), "reason_item": self.item_rows.ids(items), "reason": parts}
        if self.model.content_columns is not None:
            content = self.model.content_scores(query, vectors)
            content = tf.where(answered >= FIRST, content, 0.0)
            behavior = tf.where(answered >= FIRST, score - content, 0.0)
            outputs |= {"from_content": content, "from_behavior": behavior}
        if self.words:
            words, features, parts = word_reasons(self.model, query, answered, self.words)
            outputs |= {"word": words, "word_feature": features, "word_reason": parts}
        return outputs

    def score(self, request):
        """Returns the score of one item for each query, and its probability if it is a logit."""
        # A blank item id counts as an unknown item.
        query, item = self._query(self._rows(request)), tf.maximum(self._items(request), UNKNOWN)
        if self.index is not None:
            found = {"score": self.index.score_rows(query, item[:, None])[:, 0]}
        else:
            score = self.model.score_rows(query, self.catalog, item)
            found = {**self.model.score_tasks(query, item, self.catalog), "score": score}
        if self.model.scores_are_logits:
            found["probability"] = tf.sigmoid(found["score"])
        return found

    def explain(self, request):
        """Returns what each group of features adds to the logarithm of the score of one item."""
        query, item = self._query(self._rows(request)), tf.maximum(self._items(request), UNKNOWN)
        full, none, parts = self.model.group_contributions(query, item, self.catalog)
        names = every(tf.constant([[*self.model.feature_groups]]), tf.shape(item)[0])
        return {"group": names, "contribution": parts, "all": full, "none": none}

    def similar_items(self, request):
        """Returns the items whose vectors have the largest cosine with that of an item."""
        item = self._items(request)
        exclude, allow, k = self.reader.limited(request, seen=None)
        exclude = tf.concat([exclude, item[:, None]], axis=1)
        vectors, bias = self.index.take(item), self.model.bias_columns
        direction = vectors[:, : vectors.shape[1] - bias] * tf.gather(self.sizes, item)[:, None]
        query = tf.pad(direction, [[0, 0], [0, bias]])
        answer = search_allowed(self.index, query, self.k, exclude, allow, scale=self.sizes)
        answer = _cut(answer, tf.where(item >= FIRST, k, 0))
        return {"item": self.item_rows.ids(answer["rows"]), "score": answer["scores"]}

    def search(self, request):
        """Returns the items whose contents are nearest to some words."""
        size = batch_size(request)
        query = {name: request[name] for name in self.reader.query()}
        asked = [request["user"] != ""] if "user" in query else []
        if "history" in query:
            asked.append(tf.reduce_any(request["history"] != "", axis=1))
        asked = tf.reduce_any(tf.stack([every(one, size) for one in asked]), axis=0)
        exclude, allow, k = self.reader.limited(request, seen=None)
        vectors = self._query(self._rows(request))
        texts = every(request[SEARCH_TEXT], size)
        answer = self.word_search(texts, vectors, asked, exclude, allow)
        more = {name: answer[name] for name in ("by_words", "known_words", "unknown_word")}
        answer = _cut({name: answer[name] for name in ("rows", "scores")}, k)
        return {"item": self.item_rows.ids(answer["rows"]), "score": answer["scores"], **more}

    def profile(self, request):
        """Returns what the items that a user took have in common."""
        return self.profiles(request)

    def embed_user(self, request):
        """Returns the query vector."""
        return {"vector": self._query(self._rows(request))}

    def embed_items(self, request):
        """Returns the vector of an item; an unknown item is encoded from its raw features."""
        return self._embed_items(request, self.model)

    def _embed_part_user(self, place, request):
        return {"vector": self._query(self._rows(request))[str(place)]}

    def _embed_items(self, request, model):
        tower = model.item_tower
        rows = self.item_rows(request["item"])
        stored = tower.catalog(rows)
        features = {"item": rows}
        for name, raw in self.raw_features(request).items():
            known = tf.reshape(rows >= FIRST, [-1] + [1] * (len(raw.shape) - 1))
            features[name] = tf.where(known, stored[name], tf.cast(raw, stored[name].dtype))
        # An unknown item has no count and no ratings.
        features |= {name: stored[name] for name in ("count", STATISTICS) if name in stored}
        if model.code is not None:
            known = (rows >= FIRST)[:, None]
            features[CODE] = tf.where(known, stored[CODE], model.code(features))
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
        if self.model.feature_groups:
            found["explain"] = (self.explain, {**query, "item": ids})
        if self.sizes is not None:
            found["similar_items"] = (self.similar_items, {"item": ids, **self.reader.limits()})
        raw = self.raw_features.signature().items()
        item = {"item": ids, **{name: (tuple(spec.shape), spec.dtype) for name, spec in raw}}
        if self.model.searchable:
            found["embed_user"] = (self.embed_user, query)
            found["embed_items"] = (self.embed_items, item)
        for name, (place, part) in self.parts.items():
            of_user = functools.partial(self._embed_part_user, place)
            of_items = functools.partial(self._embed_items, model=part)
            found[f"embed_user_{name}"] = (of_user, query)
            found[f"embed_items_{name}"] = (of_items, item)
        if self.word_search is not None:
            asked = {SEARCH_TEXT: ids, **query, **self.reader.limits()}
            found["search"] = (self.search, asked)
        if self.profiles is not None:
            found["profile"] = (self.profile, self.profiles.inputs())
        return found

    def _named(self, answer):
        """Ids and scores of an answer, and probabilities if the scores are logits."""
        found = {"item": self.item_rows.ids(answer["rows"]), "score": answer["scores"]}
        if self.model.scores_are_logits:
            found["probability"] = tf.sigmoid(answer["scores"])
        return found

    def _items(self, request):
        item = self.item_rows(request["item"])
        return every(item, batch_size(request))

    def _rows(self, request):
        query = {name: request[name] for name in self.reader.query()}
        return self._read({**query, ROWS: batch_size(request)})

    def _read(self, query):
        request = {name: value for name, value in query.items() if name != ROWS}
        return self.reader(request, query[ROWS])

    def _query(self, rows):
        return self._encode(self.model.of_query(rows))

    def _encode(self, inputs):
        # A model may compute in half precision; ranking is always float32, as in `predict`.
        queries = self.query_model(inputs)
        return tf.nest.map_structure(
            lambda x: tf.cast(x, tf.float32) if x.dtype.is_floating else x, queries
        )

    def _rank(self, query, request, seen):
        exclude, allow, k = self.reader.limited(request, seen)
        if self.index is not None and self.model.rules is None:
            return _cut(search_allowed(self.index, query, self.k, exclude, allow), k)
        if self.candidates is not None:
            return _cut(self.candidates.rank(query, self.catalog, self.k, exclude, allow), k)
        limits = (self.k, (owners(exclude), exclude.values), allow)
        wishes = self.reader.wishes(request)
        if self.index is not None:
            pool = IndexPool(self.index, query)
            return _cut(self.model.rerank(pool, query, *limits, **wishes), k)
        return _cut(self.model.rank_catalog(query, self.catalog, *limits, **wishes), k)


def _cut(answer, k):
    """Cuts an answer to the largest `k` `(batch,)`; each row has row 0 and -inf after its own k."""
    widest = tf.maximum(tf.reduce_max(k), 1)
    answer = {name: x[:, :widest] for name, x in answer.items()}
    shown = tf.range(tf.shape(answer["rows"])[1])[None] < k[:, None]
    found = {name: tf.where(shown, x, tf.zeros_like(x)) for name, x in answer.items()}
    return {**found, "scores": tf.where(shown, answer["scores"], -np.inf)}


def _inverse_sizes(vectors, bias_columns):
    """`(rows,)`: 1 / norm of each vector without its bias columns; 0 for a zero vector."""
    width = vectors.shape[1] - bias_columns
    if not width:
        return None
    sizes = np.linalg.norm(vectors[:, :width], axis=1)
    sizes = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    return tf.Variable(sizes, trainable=False, name="inverse_sizes")


def _function(method, inputs):
    specs = {key: _spec(key, *given) for key, given in inputs.items()}
    # Nothing branches on a tensor, so that tracing is quicker without AutoGraph.
    return tf.function(method, input_signature=[specs], autograph=False)


def _spec(name, shape, given):
    dtype = given
    if _is_default(given):
        dtype = tf.string if given.dtype == object else tf.as_dtype(given.dtype)
    return tf.TensorSpec(shape, dtype, name=name)


def _is_default(given):
    return isinstance(given, np.ndarray)
