"""NMF: non-negative matrix factorization by multiplicative updates."""

import numpy as np
import scipy.sparse

from kerasrec.errors import InputError
from kerasrec.models import FactorModel, Factors
from kerasrec.register import register

EPSILON = 1e-12
PAIRS_AT_ONCE = 2**20


@register
class NMF(FactorModel):
    """Non-negative factors: each is a taste that a user has more or less of.

        score(u, i) = <p_u, q_i>,   p, q >= 0
        loss = sum over observed (r - score)^2 + l2 (n_u |p_u|^2 + n_i |q_i|^2)
        p <- p * (sum of r q) / (sum of score q + l2 n_u p),   then q in the same way

    The multiplicative updates never increase the loss. The score estimates the rating. A user or
    item without train interactions gets the mean vector over the train interactions.

    With `implicit` the sum is over all pairs, with r = 1 for an interaction and 0 otherwise, and
    scores only rank. Items without train interactions then score 0.

    Args:
        schema: `Schema` of the data.
        rank: Length of the vectors.
        epochs: Number of updates of each side.
        l2: Weight of the squared lengths in the loss.
        implicit: Ignore values and treat missing pairs as 0.
        seed: Random seed of the initial vectors.

    Raises:
        InputError: at construction, if `l2` is negative, or `rank` or `epochs` is no whole number
            from 1; at `adapt`, for a negative value.

    Reference:
        Lee and Seung, Algorithms for non-negative matrix factorization, NIPS 2000; on observed
        pairs: Luo et al., An efficient non-negative matrix-factorization-based approach to
        collaborative filtering for recommender systems, IEEE TII 2014.

    Example:

    >>> import pandas as pd
    >>> from kerasrec.data import Interactions
    >>> frame = pd.DataFrame({"user": list("aabb"), "item": list("xyxy"), "value": [1, 2, 2, 4]})
    >>> train = Interactions.from_frame(frame)
    >>> model = NMF(train.schema(), rank=1, l2=0.0)
    >>> model.adapt(train)
    >>> model.score(users=["a", "b"], items=["x", "y"]).round(3).tolist()
    [1.0, 4.0]
    """

    def __init__(self, schema, rank=15, epochs=50, l2=0.06, implicit=False, seed=0, name=None):
        if not l2 >= 0:
            raise InputError(f"l2: expected a weight of at least 0, got {l2!r}")
        for argument, value in (("rank", rank), ("epochs", epochs)):
            if int(value) != value or value < 1:
                raise InputError(f"{argument}: expected a whole number from 1, got {value!r}")
        super().__init__(schema=schema, dim=rank, name=name)

    @property
    def predicts_values(self):
        return not self.implicit

    def find_factors(self, train):
        if not self.implicit and len(train) and train.value.min() < 0:
            raise InputError(
                f"NMF estimates values of at least 0, and {train.name!r} holds "
                f"{train.value.min():g}: shift the values, or set implicit"
            )
        pairs = train
        if self.implicit:
            key = train.user.astype("int64") * len(train.items) + train.item
            pairs = train.select(np.unique(key, return_index=True)[1])
        by_user = _Pairs(pairs.user, pairs.item, pairs.value, pairs.user_counts(), self.implicit)
        by_item = _Pairs(pairs.item, pairs.user, pairs.value, pairs.item_counts(), self.implicit)
        # Uniform random vectors whose mean score is the mean value.
        scale = 2 * np.sqrt(by_user.mean(by_item) / self.rank)
        generator = np.random.default_rng(self.seed)
        users, items = (
            scale * generator.random((len(side.counts), self.rank)) for side in (by_user, by_item)
        )
        items[by_item.counts == 0] = 0.0
        for _ in range(self.epochs):
            users = by_user.update(users, items, self.l2)
            items = by_item.update(items, users, self.l2)
        users[by_user.counts == 0] = by_user.counts @ users / len(pairs)
        if not self.implicit:
            items[by_item.counts == 0] = by_item.counts @ items / len(pairs)
        return Factors(users, items)


class _Pairs:
    """The pairs of the loss, sorted by the rows of one side, to update the vectors of that side.

    Args:
        rows, other_rows: Rows of both sides of each pair.
        values: Value of each pair.
        counts: Number of pairs of each row of this side.
        implicit: As for `NMF`.
    """

    def __init__(self, rows, other_rows, values, counts, implicit):
        order = np.argsort(rows, kind="stable")
        self.rows, self.other_rows = rows[order], other_rows[order]
        self.values = np.ones(len(order)) if implicit else values[order].astype("float64")
        self.counts = counts
        self.implicit = implicit
        self.indptr = np.concatenate([[0], np.cumsum(counts)])

    def mean(self, other):
        """The mean value of the pairs of the loss."""
        all_pairs = np.count_nonzero(self.counts) * np.count_nonzero(other.counts)
        return self.values.sum() / (all_pairs if self.implicit else len(self.values))

    def update(self, vectors, others, l2):
        """The vectors of this side after one multiplicative update."""
        if self.implicit:
            predicted = vectors @ (others.T @ others)
        else:
            predicted = self._weighted_sums(self._scores(vectors, others), others)
        observed = self._weighted_sums(self.values, others)
        return vectors * observed / (predicted + l2 * self.counts[:, None] * vectors + EPSILON)

    def _scores(self, vectors, others):
        """The score of each pair."""
        scores = np.empty(len(self.rows))
        for start in range(0, len(scores), PAIRS_AT_ONCE):
            part = slice(start, start + PAIRS_AT_ONCE)
            left, right = vectors[self.rows[part]], others[self.other_rows[part]]
            scores[part] = np.einsum("nd,nd->n", left, right)
        return scores

    def _weighted_sums(self, weights, others):
        """For each row of this side the sum of the weighted vectors of the other side."""
        # From indptr, since a matrix of (row, column) would merge repeated interactions of a pair.
        table = (weights, self.other_rows, self.indptr)
        return scipy.sparse.csr_matrix(table, shape=(len(self.counts), len(others))) @ others
