"""Finds items by words inside the served graph."""

import numpy as np
import tensorflow as tf

from kerasrec.data.query_spec import SEARCH_TEXT
from kerasrec.data.text_tokens import spaced_texts
from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.errors import CHECK
from kerasrec.export import lists
from kerasrec.export.id_lookup import IdLookup
from kerasrec.export.search import ExactIndex, search_allowed
from kerasrec.export.search.top_columns import top_candidates
from kerasrec.layers.content_encoder import CODE
from kerasrec.models.requests.word_search import DEPTH, FUSION, content_mask, finest
from kerasrec.models.top_k import NEVER
from kerasrec.search_words import MOST, SHOWN


class WordSearch(tf.Module):
    """Ranks items as `best_by_words` does in Python, always exactly.

    Args:
        model: A searchable `Recommender`.
        encoders: Its `text_encoders`, at least one.
        index: `ExactIndex` or `IVFIndex` of its item vectors.
        k: Most items of an answer.
    """

    def __init__(self, model, encoders, index, k):
        super().__init__()
        self.model, self.k = model, k
        self.depth = min(max(k, DEPTH), model.schema.num_items - FIRST)
        self.index = getattr(index, "exact", index)
        self.encoders = encoders
        self.lookups = {name: IdLookup(each.vocabulary) for name, each in encoders.items()}
        vectors = index.stored()
        mask = content_mask(model, vectors.shape[1])
        sizes = np.linalg.norm(vectors[:, mask], axis=1)
        scale = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0)
        self.mask = mask.astype("float32")
        self.scale = tf.Variable(scale, trainable=False, name="inverse_content_sizes")
        counts = np.bincount(model.histories.items, minlength=len(vectors)).astype("float32")
        self.popular = ExactIndex(counts[:, None])

    def __call__(self, texts, query, asked, exclude, allow):
        """Searches for texts `(n,)`.

        Args:
            texts: Words, strings.
            query: `(n, dim)`, whose order is fused with that by words where `asked` `(n,)` is true.
            exclude, allow: `(n, any)` item rows.

        Returns:
            `rows`, `scores` `(n, k)`, `by_words` bool `(n,)`, `known_words` int32 `(n,)` and
            `unknown_word` `(n, SHOWN + 1)`.
        """
        length = tf.strings.length(texts, unit="UTF8_CHAR")
        long = f"{CHECK}{SEARCH_TEXT}: expected at most {MOST} characters: got"
        tf.debugging.Assert(tf.reduce_all(length <= MOST), [long, tf.reduce_max(length)])
        tokens, known, unknown = self._read(texts)
        vectors = self._vectors(tokens)
        sizes = tf.norm(vectors, axis=1, keepdims=True)
        given = [tf.reduce_any(rows != PADDING, axis=1) for rows in tokens.values()]
        by_words = tf.reduce_any(tf.stack(given), axis=0) & (sizes[:, 0] > 0)
        vectors = tf.math.divide_no_nan(vectors, sizes)
        fused = by_words & asked
        parts = []
        for chosen, search in (
            (~by_words, self._most_popular),
            (by_words & ~fused, self._by_words),
            (fused, self._fused),
        ):
            places = tf.cast(tf.where(chosen)[:, 0], tf.int32)
            found = search(*(tf.gather(x, places) for x in (query, vectors, exclude, allow)))
            parts.append((places, found["rows"], found["scores"]))
        places, rows, scores = map(list, zip(*parts, strict=True))
        return {
            "rows": tf.ensure_shape(tf.dynamic_stitch(places, rows), [None, self.k]),
            "scores": tf.ensure_shape(tf.dynamic_stitch(places, scores), [None, self.k]),
            "by_words": by_words,
            "known_words": known,
            "unknown_word": unknown,
        }

    def _read(self, texts):
        """As `read_words` in Python, of the unknown words only the first ones."""
        tokenizers = {each.tokenizer for each in self.encoders.values()}
        words = {one: _split(texts, one) for one in tokenizers}
        tokens = {}
        for name, lookup in self.lookups.items():
            own = words[self.encoders[name].tokenizer]
            rows = own.with_values(lookup(own.values))
            rows = lists.chosen(rows, rows.values >= FIRST)
            tokens[name] = lists.first(rows, self.encoders[name].length)
        smallest = words[finest(self.encoders)]
        found = [lookup(smallest.values) >= FIRST for lookup in self.lookups.values()]
        is_known = tf.reduce_any(tf.stack(found), axis=0)
        known = lists.chosen(smallest, is_known).row_lengths()
        unknown = lists.first(lists.chosen(smallest, ~is_known), SHOWN + 1)
        return tokens, tf.cast(known, tf.int32), unknown

    def _vectors(self, tokens):
        """As `word_vectors` in Python, 0 in the columns that are not compared."""
        model, tower = self.model, self.model.item_tower
        count = tf.shape(next(iter(tokens.values())))[0]
        features = {**tower.catalog(tf.fill([count], PADDING)), **tokens}
        features["item"] = tf.fill([count], UNKNOWN)
        if model.code is not None:
            features[CODE] = model.code(features)
        vectors = tower.encoder({name: features[name] for name in tower.encoder.input})
        return tf.cast(vectors, tf.float32) * self.mask

    def _most_popular(self, query, vectors, exclude, allow):
        ones = tf.ones([tf.shape(query)[0], 1])
        return search_allowed(self.popular, ones, self.k, exclude, allow)

    def _by_words(self, query, vectors, exclude, allow):
        return search_allowed(self.index, vectors, self.k, exclude, allow, self.scale)

    def _fused(self, query, vectors, exclude, allow):
        limits = self.depth, exclude, allow
        orders = [
            search_allowed(self.index, vectors, *limits, self.scale),
            search_allowed(self.index, query, *limits),
        ]
        rows = tf.concat([order["rows"] for order in orders], axis=1)
        weights = tf.constant(np.tile(1 / (FUSION + np.arange(1, self.depth + 1)), 2), tf.float32)
        weights = tf.where(rows >= FIRST, weights, 0.0)
        # Sorted by row: the two places of an item are adjacent, and ties go to the smaller row.
        order = tf.argsort(rows, axis=1, stable=True)
        rows = tf.gather(rows, order, batch_dims=1)
        weights = tf.gather(weights, order, batch_dims=1)
        same = rows[:, 1:] == rows[:, :-1]
        sums = weights + tf.where(tf.pad(same, [[0, 0], [0, 1]]), _next(weights), 0.0)
        again = tf.pad(same, [[0, 0], [1, 0]])
        rows, scores = top_candidates(rows, tf.where(again | (rows < FIRST), NEVER, sums), self.k)
        return {"rows": rows, "scores": scores}


def _next(columns):
    return tf.pad(columns[:, 1:], [[0, 0], [0, 1]])


def _split(texts, tokenizer):
    """The words of each text, as `split_texts` in Python."""
    words = tf.strings.split(spaced_texts(texts, tokenizer))
    return words.with_row_splits_dtype(tf.int32)
