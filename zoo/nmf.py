"""Non-negative matrix factorization: what somebody likes as a sum of parts."""

import numpy as np
import scipy.sparse

from kerasrec.errors import InputError
from kerasrec.models import FactorModel, Factors
from kerasrec.register import register

TINY = 1e-12
PAIRS_AT_ONCE = 2**20


@register
class NMF(FactorModel):
    """Factors without a negative number, so that each is a taste a user has more or less of.

        score(u, i) = <p_u, q_i>,   p, q >= 0
        loss = sum over observed (r - score)^2 + l2 (n_u |p_u|^2 + n_i |q_i|^2)
        p <- p * (sum of r q) / (sum of score q + l2 n_u p),   then q in the same way

    The multiplicative steps never raise the loss. The score estimates the rating; a user or item
    that the train part does not hold gets the mean vector of the interactions.

    With `implicit` all pairs count, an interaction as 1 and any other pair as 0, and the score
    ranks. Items without interactions score 0 then.

    Args:
        schema: `Schema` of the data.
        rank: Length of the vectors.
        epochs: How often each side is updated.
        l2: The loss's weight of the squared lengths.
        implicit: Ignore values, and take what is missing as 0.
        seed: Of the vectors to start from.

    Raises:
        InputError: at construction, for a negative `l2`, no epoch or no rank; at `adapt`, for a
            negative value.

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
        for what, value in (("rank", rank), ("epochs", epochs)):
            if int(value) != value or value < 1:
                raise InputError(f"{what}: expected a whole number from 1, got {value!r}")
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
        by_user = _Side(pairs.user, pairs.item, pairs.value, pairs.user_counts(), self.implicit)
        by_item = _Side(pairs.item, pairs.user, pairs.value, pairs.item_counts(), self.implicit)
        # Uniform, such that the average score is the average value.
        scale = 2 * np.sqrt(by_user.mean(by_item) / self.rank)
        generator = np.random.default_rng(self.seed)
        users, items = (
            scale * generator.random((len(side.counts), self.rank)) for side in (by_user, by_item)
        )
        items[by_item.counts == 0] = 0.0
        for _ in range(self.epochs):
            users = by_user.updated(users, items, self.l2)
            items = by_item.updated(items, users, self.l2)
        users[by_user.counts == 0] = by_user.counts @ users / len(pairs)
        if not self.implicit:
            items[by_item.counts == 0] = by_item.counts @ items / len(pairs)
        return Factors(users, items)


class _Side:
    """The pairs that the loss counts, sorted by user to update users, by item to update items."""

    def __init__(self, own, far, values, counts, implicit):
        order = np.argsort(own, kind="stable")
        self.own, self.far = own[order], far[order]
        self.values = np.ones(len(order)) if implicit else values[order].astype("float64")
        self.counts = counts
        self.implicit = implicit
        self.indptr = np.concatenate([[0], np.cumsum(counts)])

    def mean(self, other):
        """The average value of a pair that counts."""
        everything = np.count_nonzero(self.counts) * np.count_nonzero(other.counts)
        return self.values.sum() / (everything if self.implicit else len(self.values))

    def updated(self, vectors, others, l2):
        """The vectors of this side after one multiplicative step."""
        if self.implicit:
            found = vectors @ (others.T @ others)
        else:
            found = self._sums(self._scores(vectors, others), others)
        wanted = self._sums(self.values, others)
        return vectors * wanted / (found + l2 * self.counts[:, None] * vectors + TINY)

    def _scores(self, vectors, others):
        scores = np.empty(len(self.own))
        for start in range(0, len(scores), PAIRS_AT_ONCE):
            part = slice(start, start + PAIRS_AT_ONCE)
            left, right = vectors[self.own[part]], others[self.far[part]]
            scores[part] = np.einsum("nd,nd->n", left, right)
        return scores

    def _sums(self, weights, others):
        # Not by (row, column): that would merge the repeated interactions of a pair.
        table = (weights, self.far, self.indptr)
        return scipy.sparse.csr_matrix(table, shape=(len(self.counts), len(others))) @ others
