"""Implicit ALS: least squares over all pairs, what is missing counts a little."""

import keras
import numpy as np
import scipy.sparse
from keras import ops

from kerasrec.data.vocabulary import PADDING
from kerasrec.errors import InputError
from kerasrec.models import FactorModel, Factors
from kerasrec.register import register

NUMBERS_AT_ONCE = 2**22
STDDEV = 0.1


@register
class ImplicitALS(FactorModel):
    """Weighted least squares on implicit data, solved in turns for users and for items.

        loss = sum over observed c (1 - <p_u, q_i>)^2 + w0 sum over all pairs <p_u, q_i>^2
               + sum of lambda_u |p_u|^2 + sum of lambda_i |q_i|^2
        c = 1 + alpha * value
        lambda_u = l2 (n_u + w0 * number of items)^l2_exponent,   lambda_i likewise

    Each turn is exact. Users come last, so that p_u is the least-squares answer to the history of
    u, and a score is a sum over it (`contributions`). A pair counts once, its values added up. A
    user without train interactions gets the mean of the others' vectors, which ranks by
    popularity; such an item scores 0.

    The defaults are those published for MovieLens 1M under the protocol of the NCF paper. `l2` and
    `unobserved_weight` belong together and want tuning on other data.

    Args:
        schema: `Schema` of the data.
        dim: Length of the vectors.
        epochs: Turns of each side.
        l2: Regularization.
        l2_exponent: 1 regularizes by frequency, 0 all alike.
        unobserved_weight: w0, what a pair counts that has not been observed.
        alpha: How much the value adds to the confidence in an interaction; 0 leaves values out.
        seed: Of the item vectors to start from.

    Raises:
        InputError: at construction, for an `l2` or `unobserved_weight` that is not above 0, no
            epoch or no dim; at `adapt`, for a confidence that is not above 0.

    Reference:
        Hu, Koren, Volinsky, Collaborative filtering for implicit feedback datasets, ICDM 2008;
        Rendle, Krichene, Zhang, Koren, Revisiting the performance of iALS on item recommendation
        benchmarks, RecSys 2022.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = ImplicitALS(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> history = model.histories[2]
    >>> inputs = {"user": np.array([2])}
    >>> score = model.score_pairs(inputs, [7])[0]
    >>> bool(abs(model.contributions(inputs, history, [7]).sum() - score) < 1e-5)
    True
    """

    def __init__(
        self,
        schema,
        dim=192,
        epochs=12,
        l2=0.007,
        l2_exponent=1.0,
        unobserved_weight=0.3,
        alpha=0.0,
        seed=0,
        name=None,
    ):
        for what, value in (("l2", l2), ("unobserved_weight", unobserved_weight)):
            if not value > 0:
                raise InputError(f"{what}: expected a number above 0, got {value!r}")
        for what, value in (("dim", dim), ("epochs", epochs)):
            if int(value) != value or value < 1:
                raise InputError(f"{what}: expected a whole number from 1, got {value!r}")
        super().__init__(schema=schema, dim=dim, name=name)

    @property
    def values_read(self):
        return "confidence" if self.alpha else None

    def find_factors(self, train):
        by_user = scipy.sparse.csr_matrix(
            (self.alpha * train.value.astype("float64"), (train.user, train.item)),
            shape=(len(train.users), len(train.items)),
        )
        by_user.data = self._confidence(by_user.data)
        by_item = by_user.T.tocsr()
        generator = np.random.default_rng(self.seed)
        items = generator.normal(size=(len(train.items), self.dim)) * STDDEV / np.sqrt(self.dim)
        items = (items * (np.diff(by_item.indptr) > 0)[:, None]).astype("float32")
        for _ in range(self.epochs):
            users = self._solved(by_user, items)
            items = self._solved(by_item, users)
        users = self._solved(by_user, items)
        known = np.diff(by_user.indptr) > 0
        users[~known] = users[known].mean(axis=0)
        return Factors(users, items)

    def contributions(self, inputs, history, items, values=None):
        """What each item of a history adds to the score of each of some items, exactly.

            score(i) = sum over the history of c_j q_i' W q_j
            W = (w0 sum of q q' + sum over the history of c_j q_j q_j' + lambda I)^-1

        A known user's add up to the model's score. With `alpha` that takes the values.

        Args:
            inputs: Model inputs of the query.
            history: `(h,)` distinct item rows; items without train interactions add 0.
            items: `(m,)` item rows.
            values: `(h,)` summed values of the history; without them and with `alpha` the answer
                is as for every `Retriever`.

        Returns:
            `(m, h)` float64.
        """
        if self.alpha and values is None:
            return super().contributions(inputs, history, items)
        counts = ops.convert_to_numpy(self.catalog.tables["count"])
        vectors = ops.convert_to_numpy(self.item_vectors.embeddings).astype("float64")
        past, known = vectors[history], counts[history] > 0
        values = 0.0 if values is None else np.asarray(values, "float64")
        confidence = self._confidence(self.alpha * values * np.ones(len(past)))
        system = self.unobserved_weight * vectors.T @ vectors + (past.T * confidence) @ past
        system += self._ridge(known.sum(), (counts > 0).sum()) * np.eye(self.dim)
        return np.linalg.solve(system, vectors[items].T).T @ past.T * confidence

    def _confidence(self, weighted):
        if not (weighted > -1).all():
            raise InputError(
                f"the confidence 1 + alpha * value must be above 0, and it is "
                f"{1 + weighted.min():g} with alpha={self.alpha:g}: lower alpha, or give values of "
                "at least 0"
            )
        return 1.0 + weighted

    def _ridge(self, lengths, others):
        return self.l2 * (lengths + self.unobserved_weight * others) ** self.l2_exponent

    def _solved(self, observed, fixed):
        """The best vectors of one side of a CSR matrix of confidences, the other's being fixed."""
        lengths = np.diff(observed.indptr)
        others = np.count_nonzero(np.bincount(observed.indices))
        ridge = self._ridge(lengths, others).astype("float32")
        # In these axes all pairs together are a diagonal: short rows need no dim x dim system.
        found = np.zeros((len(lengths), self.dim), "float32")
        with keras.device("cpu:0"):  # a GPU would multiply with fewer digits
            gram = ops.convert_to_numpy(ops.einsum("nd,ne->de", fixed, fixed)).astype("float64")
            spectrum, axes = np.linalg.eigh(self.unobserved_weight * gram)
            spectrum, axes = np.maximum(spectrum, 0.0).astype("float32"), axes.astype("float32")
            # A column of ones: products with it are the right sides.
            ones = np.float32(np.arange(len(fixed)) != PADDING)[:, None]
            rotated = ops.concatenate([ops.matmul(fixed, axes), ones], axis=1)
            for rows in _of_like_length(lengths, self.dim):
                base = spectrum + ridge[rows, None]
                solve = _solve_short if lengths[rows].max() < self.dim else _solve_long
                found[rows] = solve(observed, rows, rotated, base)
            return ops.convert_to_numpy(ops.matmul(found, axes.T))


def _of_like_length(lengths, dim):
    """Rows that are not empty, in groups to solve at once, padded to the longest of the group."""
    order = np.argsort(lengths, kind="stable")
    ordered, start = lengths[order], np.count_nonzero(lengths == 0)
    while start < len(order):
        longest = ordered[start] * 5 // 4
        at_once = max(1, NUMBERS_AT_ONCE // (int(longest) * dim))
        end = min(start + at_once, np.searchsorted(ordered, longest, "right"))
        yield order[start:end]
        start = end


def _gathered(observed, rows, start, stop):
    """Columns and confidences `(len(rows), stop - start)` of the stored places of some rows."""
    place = observed.indptr[rows, None] + np.arange(start, stop)
    inside = place < observed.indptr[rows + 1, None]
    place = np.where(inside, place, 0)
    # The vector of padding is 0: what it weighs does not matter.
    columns = np.where(inside, observed.indices[place], PADDING)
    return columns, np.where(inside, observed.data[place], 1.0).astype("float32")


# By `keras.ops`: NumPy's BLAS puts all its threads to each of these small products, one after the
# other, and they spend their time waiting. A backend gives every thread products of its own, and
# `einsum` reads them where they lie.
def _solve_long(observed, rows, fixed, base):
    """(B + Y'CY) x = Y'c, one system of dim x dim for each row; B is diagonal."""
    dim, products = base.shape[1], None
    length = np.diff(observed.indptr)[rows].max()
    at_once = max(1, NUMBERS_AT_ONCE // (len(rows) * dim))
    for start in range(0, length, at_once):
        columns, weight = _gathered(observed, rows, start, min(start + at_once, length))
        vectors = ops.take(fixed, columns, axis=0) * np.sqrt(weight)[..., None]
        part = ops.einsum("nld,nle->nde", vectors, vectors)
        products = part if products is None else products + part
    system = products[:, :dim, :dim] + ops.eye(dim, dtype="float32") * base[..., None]
    return ops.convert_to_numpy(ops.solve(system, products[:, :dim, dim:]))[..., 0]


def _solve_short(observed, rows, fixed, base):
    """The same x as B^-1 Y' (C^-1 + Y B^-1 Y')^-1 1, one system as large as the row is long."""
    length = np.diff(observed.indptr)[rows].max()
    columns, weight = _gathered(observed, rows, 0, length)
    vectors = ops.take(fixed, columns, axis=0)[..., :-1]
    scaled = vectors / base[:, None]
    rest = ops.eye(length, dtype="float32") / weight[..., None]
    system = ops.einsum("nld,nmd->nlm", scaled, vectors) + rest
    parts = ops.solve(system, np.ones((len(rows), length, 1), "float32"))
    return ops.convert_to_numpy(ops.einsum("nl,nld->nd", parts[..., 0], scaled))
