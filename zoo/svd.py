"""SVD: factors of the user-item matrix by truncated singular value decomposition."""

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from keras import ops

from kerasrec.errors import InputError
from kerasrec.models import FactorModel, Factors
from kerasrec.register import register
from kerasrec_zoo.damped_mean import check_damping, damped_means

# Singular values below this share of the largest one are rounding errors of float32.
NOISE = 1e-6
SWEEPS = 10


@register
class SVD(FactorModel):
    """Factors of the user-item matrix by truncated singular value decomposition.

        X ~ U S V',   p_u = U_u S,   q_i = V_i

    As published for implicit data (PureSVD), X is 1 for a pair in the train part and 0 otherwise.
    The score is <p_u, q_i> = <X_u V, V_i>. A user without train interactions gets the mean of the
    users' vectors, which ranks by popularity. With `ratings`, X holds the ratings themselves, and 0
    for missing ones: a matrix without missing ratings is the textbook's X = U S V', where
    U'U = V'V = I and the lengths of the columns of all p_u are the singular values S.

    With `centred`, X holds the residuals of the ratings after damped means are subtracted (see
    `DampedMean`), and 0 for missing ratings. The score mu + b_u + b_i + <p_u, q_i> estimates the
    rating.

    Args:
        schema: `Schema` of the data.
        rank: Number of singular values. If it is larger than the rank of X, vectors are padded with
            zeros and the scores are X itself.
        centred: Estimate ratings.
        ratings: Read the ratings as they are. The scores rank: missing ratings count as 0.
        item_damping: With `centred`, as for `DampedMean`.
        user_damping: The same.
        seed: Random seed of the start vector of the solver.

    Raises:
        InputError: at construction, if a damping is negative, `rank` is no whole number from 1, or
            both `centred` and `ratings` are given; at `adapt`, if values are not finite.

    Reference:
        Cremonesi, Koren, Turrin, Performance of recommender algorithms on top-n recommendation
        tasks, RecSys 2010.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = SVD(train.schema(), rank=8)
    >>> model.adapt(train)
    >>> model.recommend(users=[train.users.vocabulary.ids[0]], k=3)["rank"].tolist()
    [1, 2, 3]
    """

    def __init__(
        self,
        schema,
        rank=50,
        centred=False,
        ratings=False,
        item_damping=2.0,
        user_damping=5.0,
        seed=0,
        name=None,
    ):
        check_damping(item_damping, user_damping)
        if int(rank) != rank or rank < 1:
            raise InputError(f"rank: expected a whole number from 1, got {rank!r}")
        if centred and ratings:
            raise InputError(
                "centred=True, ratings=True: the matrix holds what is left of the ratings, or the "
                "ratings: choose one"
            )
        super().__init__(schema=schema, dim=rank, biases=centred, name=name)

    @property
    def predicts_values(self):
        return self.centred

    @property
    def values_read(self):
        return "entries of the matrix" if self.ratings else super().values_read

    @property
    def unknown_user(self):
        return "with the means of the items" if self.centred else super().unknown_user

    def find_factors(self, train):
        mean, user_bias, item_bias = 0.0, None, None
        value, largest = np.ones(len(train)), 1.0
        if self.ratings:
            if not np.isfinite(train.value).all():
                raise InputError(
                    "SVD finds no finite solution: the values hold NaN or infinity, clean the data"
                )
            value, largest = train.value.astype("float64"), np.abs(train.value).max()
        if self.centred:
            dampings = (self.item_damping, self.user_damping)
            mean, user_bias, item_bias = damped_means(train, *dampings, SWEEPS)
            value = train.value - mean - user_bias[train.user] - item_bias[train.item]
            largest = np.abs(train.value).max()
        # Repeated interactions of a pair are averaged.
        matrix, counts = (_matrix(train, x) for x in (value, np.ones(len(train))))
        matrix.data /= counts.data
        users, items = self._decompose(matrix, largest)
        if not self.centred:
            known = train.user_counts() > 0
            users[~known] = users[known].mean(axis=0)
        return Factors(users, items, user_bias, item_bias, mean)

    def contributions(self, inputs, history, items):
        """As for every `Retriever`. Of a matrix of ones they are exact: item j adds <q_j, q_i>."""
        if self.centred or self.ratings:
            return super().contributions(inputs, history, items)
        vectors = ops.convert_to_numpy(self.item_vectors.embeddings)
        return vectors[items] @ vectors[history].T

    def _decompose(self, matrix, largest):
        """User and item vectors of a CSR matrix; `largest` is the scale of its values."""
        users, items = (np.zeros((size, self.rank)) for size in matrix.shape)
        rows, columns = (np.flatnonzero(np.diff(m.indptr)) for m in (matrix, matrix.tocsc()))
        inner = matrix[rows][:, columns]
        smaller = min(inner.shape)
        # If only rounding errors are left, the vectors are 0: no solver converges on noise.
        if not np.abs(inner.data).max(initial=0.0) > NOISE * largest:
            return users, items
        if self.rank < smaller:
            start = np.random.default_rng(self.seed).standard_normal(smaller)
            left, values, right = scipy.sparse.linalg.svds(inner, k=self.rank, v0=start)
        else:
            left, values, right = np.linalg.svd(inner.toarray(), full_matrices=False)
        best = np.argsort(-values, kind="stable")
        best = best[values[best] > NOISE * values.max()]
        right = right[best]
        # Singular vectors are unique up to sign: make the largest entry of the item side positive.
        largest_entry = np.take_along_axis(right, np.abs(right).argmax(axis=1)[:, None], axis=1)
        sign = np.sign(largest_entry)
        users[rows, : len(best)] = left[:, best] * values[best] * sign[:, 0]
        items[columns, : len(best)] = (right * sign).T
        return users, items


def _matrix(train, values):
    """The user-item CSR matrix; repeated interactions are added up."""
    shape = (len(train.users), len(train.items))
    return scipy.sparse.csr_matrix((values, (train.user, train.item)), shape=shape)
