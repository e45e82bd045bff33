"""Approximate search of a `Blend`: the candidates of its parts, scored exactly."""

import numpy as np
import tensorflow as tf

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.export.lists import as_lists, owners
from kerasrec.export.search.choose_probes import check_recall
from kerasrec.export.search.exact_index import ExactIndex
from kerasrec.export.search.ivf_index import IVFIndex
from kerasrec.export.search.top_columns import MAX_FLOATS, map_groups, top_candidates
from kerasrec.export.search.whitelist import search_allowed
from kerasrec.models.blend import LENGTH
from kerasrec.models.row_lists import permitted
from kerasrec.models.top_k import NEVER, TopK

HOWS = ("sum", "rating")
# More candidates than this share of the catalogue are no faster than all items.
MOST = 1 / 8
# Queries whose scores of all items are in memory while the recall is measured.
AT_ONCE = 100


class BlendIndex(tf.Module):
    """Scores the union of the best items of each part of a `Blend`.

    A part whose score is a dot product gives the `number` best of its index. Any other part has
    scored all items and gives the best of these. An item in the union gets its score in the blend:
    the mean and the deviation of a dot product over the catalog follow from those of the vectors,

        mean over i of <q, v_i> = <q, m>,   variance = q' C q

    with m the mean and C the covariance of the item vectors. So vectors outside of the union are
    not read. An item is missing where no part has it among its best. All items of a whitelist are
    scored.

    Args:
        blend: An adapted `Blend` with `how` "sum" or "rating": other scales need all scores.
        indexes: For each part an `ExactIndex` or `IVFIndex` of its vectors, None for one without.
        number: Candidates that each part gives.

    Raises:
        InputError: for any other `how`.
    """

    def __init__(self, blend, indexes, number):
        super().__init__()
        if blend.how not in HOWS:
            raise InputError(
                f'index: a Blend with how="{blend.how}" reads the scores of all items, so a search '
                'of some would not be faster: take how="sum", or the exact index'
            )
        self.blend, self.indexes, self.number = blend, list(indexes), number
        self.measurement = {}
        self.moments = [None if index is None else _moments(index) for index in self.indexes]

    @classmethod
    def build(cls, blend, queries, seen, recall, k):
        """Takes as few candidates as the recall allows, in powers of two of k.

        The parts have an `IVFIndex` where the recall can be reached by it, else an `ExactIndex`.

        Args:
            blend: An adapted `Blend`.
            queries: Encoded queries of at least 20 users.
            seen: Their histories `(n, any)`, which are left out of the answers unless `repeats` is
                "allow".
            recall: Share of the exact k best that must be found, mean over queries.
            k: Items in an answer.

        Raises:
            InputError: for a blend that has no vectors or reads all scores, too few queries, or a
                recall that needs more than an eighth of the items as candidates.
        """
        check_recall(recall, seen)
        if not blend.searchable_parts:
            raise InputError(
                "no part of the Blend has vectors to search, and each scores all items: leave out "
                "index"
            )
        catalog = blend.encode_catalog()
        vectors = [
            np.asarray(own) if model.searchable else None
            for model, own in zip(blend.models, blend.part_catalogs(catalog), strict=True)
        ]
        exact = [None if own is None else ExactIndex(own) for own in vectors]
        excluded = seen if blend.repeats == "mask" else seen[:, :0]
        meter = _Recall(blend, catalog, queries, excluded, k)
        number, least = k, min(k, 2)
        while number <= max(MOST * (blend.schema.num_items - FIRST), least):
            found = cls(blend, exact, number)
            if meter(found) >= recall:
                indexes = _by_buckets(blend, vectors, exact, queries, recall, number)
                found = cls(blend, indexes, number)
                reached = meter(found)
                if reached >= recall:
                    found.measurement = {
                        "k": k,
                        "queries": len(seen),
                        "recall": round(reached, 4),
                    }
                    return found
            number *= 2
        raise InputError(
            f"a recall of {recall:g} at {k} needs more than an eighth of the "
            f"{blend.schema.num_items - FIRST} items as candidates of each part: use the exact "
            "index, a smaller k or a smaller recall"
        )

    def rank(self, queries, catalog, k, exclude, allow):
        """The k best of the union for each query, ties to the smaller row.

        Args:
            queries: Encoded queries, as of `Blend.encode_queries`.
            catalog: Of `Blend.encode_catalog`; read for parts without vectors.
            k: An int.
            exclude: `(batch, any)` int32 rows, 0 is padding; or lists.
            allow: `(batch, any)` int32 rows, 0 is padding, as of `TopK`.

        Returns:
            A dict of `rows` and `scores` `(batch, k)`, padded with row 0 and -inf.
        """
        names, catalogs = sorted(queries), self.blend.part_catalogs(catalog)
        allow = tf.convert_to_tensor(allow)
        width = len(self.indexes) * self.number + tf.shape(allow)[1]
        dim = max(index.dim for index in self.indexes if index is not None)
        most = tf.maximum(width * dim, self.blend.query_size)
        given = [tf.convert_to_tensor(queries[name]) for name in names]

        def search(allow, exclude, *given):
            own = dict(zip(names, given, strict=True))
            return self._search(own, catalogs, k, exclude, allow)

        group = tf.maximum(1, MAX_FLOATS // most)
        rows, scores = map_groups(search, (allow, as_lists(exclude), *given), k, group)
        return {"rows": rows, "scores": scores}

    def metadata(self):
        """The entry `index` of `kerasrec.json`, with the measured recall."""
        kinds = ["all items" if one is None else one.metadata()["kind"] for one in self.indexes]
        parts = dict(zip(self.blend.names, kinds, strict=True))
        return {"kind": "candidates", "candidates": self.number, **parts, **self.measurement}

    def _search(self, queries, catalogs, k, exclude, allow):
        pairs, scores, best = (owners(exclude), exclude.values), [], []
        for place, (model, index) in enumerate(zip(self.blend.models, self.indexes, strict=True)):
            query, all_scores = queries[str(place)], None
            if index is None:
                all_scores = model.score_catalog(query, catalogs[place])
                best.append(TopK(min(self.number, all_scores.shape[1]))(all_scores, pairs, allow))
            else:
                best.append(search_allowed(index, query, self.number, exclude, allow))
            scores.append(all_scores)
        listed = permitted(allow, pairs, None, self.blend.schema.num_items)
        rows = tf.sort(tf.concat([*(one["rows"] for one in best), listed], axis=1), axis=1)
        again = tf.pad(rows[:, 1:] == rows[:, :-1], [[0, 0], [1, 0]])
        features = [
            self._features(place, queries[str(place)], all_scores, rows)
            for place, all_scores in enumerate(scores)
        ]
        total = self.blend.blended.of_rows(features, rows, queries.get(LENGTH))
        total = tf.where(again | (rows == PADDING), NEVER, total)
        return top_candidates(rows, total, k)

    def _features(self, place, query, all_scores, rows):
        """What a part adds to the scores of `rows` `(n, m)`, before its weight."""
        blended = self.blend.blended
        if all_scores is None:
            mean, covariance = self.moments[place]
            middle = tf.matmul(query, mean[:, None])
            spread = tf.reduce_sum(tf.matmul(query, covariance) * query, axis=1, keepdims=True)
            own = self.indexes[place].score_rows(query, rows)
        else:
            middle, spread = tf.nn.moments(all_scores[:, FIRST:], axes=[1], keepdims=True)
            own = tf.gather(all_scores, rows, batch_dims=1)
        return blended.scaled_by(own, middle, tf.sqrt(tf.maximum(spread, 0.0)))


class _Recall:
    """The share of the exact k best of some queries that an index finds."""

    def __init__(self, blend, catalog, queries, exclude, k):
        self.catalog, self.k = catalog, k
        self.parts, self.least = [], []
        for start in range(0, len(exclude), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            own = {name: x[part] for name, x in queries.items()}
            self.parts.append((own, exclude[part]))
            found = blend.rank_catalog(own, catalog, k, exclude[part])
            self.least.append(np.asarray(found["scores"]))

    def __call__(self, index):
        hits = real = 0
        for (queries, exclude), best in zip(self.parts, self.least, strict=True):
            allow = np.zeros((len(exclude), 0), "int32")
            answer = index.rank(queries, self.catalog, self.k, exclude.astype("int32"), allow)
            found, there = answer["scores"].numpy(), np.isfinite(best)
            least = np.where(there, best, np.inf).min(axis=1, keepdims=True)
            # Two orders of summation differ in the last digits.
            hits += (((found >= least) | np.isclose(found, least, 1e-4, 1e-5)) & there).sum()
            real += there.sum()
        return float(hits / max(1, real))


def _by_buckets(blend, vectors, exact, queries, recall, number):
    """An `IVFIndex` for each part that has vectors and reaches the recall by it.

    Raises the `InputError` of the last one where there is none: nothing would be faster.
    """
    found, refused = [], None
    for place, (own, index) in enumerate(zip(vectors, exact, strict=True)):
        if own is not None:
            try:
                index = IVFIndex.build(own, np.asarray(queries[str(place)]), recall, number)
            except InputError as error:  # most of the vectors would be read
                refused = error
        found.append(index)
    if not any(isinstance(one, IVFIndex) for one in found):
        raise refused
    return found


def _moments(index):
    """Mean `(dim,)` and covariance `(dim, dim)` of the vectors of all items, as variables."""
    vectors = index.stored()[FIRST:].astype("float64")
    mean = vectors.mean(axis=0)
    covariance = (vectors - mean).T @ (vectors - mean) / len(vectors)
    return [tf.Variable(one.astype("float32"), trainable=False) for one in (mean, covariance)]
