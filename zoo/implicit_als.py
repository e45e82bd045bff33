"""ImplicitALS: weighted least squares over all pairs, with a small weight for missing pairs."""

import concurrent.futures
import os

import numpy as np
import scipy.sparse
import threadpoolctl
from keras import ops

from kerasrec.data.vocabulary import PADDING
from kerasrec.errors import InputError
from kerasrec.models import FactorModel, Factors
from kerasrec.models.solve_positive import solve_positive
from kerasrec.register import register
from kerasrec.whole_number import whole_number

# Numbers in the vectors of one batch of rows: they stay in the cache of a core.
BATCH_SIZE = 2**18
STDDEV = 0.1
TINY = 1e-30


@register
class ImplicitALS(FactorModel):
    """Weighted least squares on implicit data, solved in turns for users and for items.

        loss = sum over observed c (1 - <p_u, q_i>)^2 + w0 sum over all pairs <p_u, q_i>^2
               + sum of lambda_u |p_u|^2 + sum of lambda_i |q_i|^2
        c = 1 + alpha * value
        lambda_u = l2 (n_u + w0 * number of items)^l2_exponent,   lambda_i likewise

    The vectors of one side are solved for exactly while the other side is fixed. Users are solved
    last, so p_u is the least-squares solution for the history of u, and a score is a sum over that
    history (`contributions`; approximately with `cg_steps`). The values of repeated interactions of
    a pair are added up. A user without train interactions gets the mean of the users' vectors,
    which ranks by popularity. An item without train interactions scores 0.

    The defaults are those published for MovieLens 1M with the protocol of the NCF paper. Tune `l2`
    and `unobserved_weight` together on other data.

    Args:
        schema: `Schema` of the data.
        dim: Length of the vectors.
        epochs: Number of updates of each side.
        l2: Regularization.
        l2_exponent: 1 regularizes by frequency, 0 all vectors equally.
        unobserved_weight: w0, the weight of a pair without interaction.
        alpha: Factor of the value in the confidence of an interaction; 0 ignores values.
        cg_steps: None solves for every vector exactly. A number takes that many steps of conjugate
            gradients from the last vector instead, which is faster for a large `dim`; 3 is usual.
        seed: Random seed of the initial user vectors.

    Raises:
        InputError: at construction, if `l2` or `unobserved_weight` is not above 0, or `dim`,
            `epochs` or `cg_steps` is no whole number from 1; at `adapt`, if a confidence is not
            above 0.

    Reference:
        Hu, Koren, Volinsky, Collaborative filtering for implicit feedback datasets, ICDM 2008;
        Rendle, Krichene, Zhang, Koren, Revisiting the performance of iALS on item recommendation
        benchmarks, RecSys 2022; for conjugate gradients Takacs, Pilaszy, Tikk, Applications of the
        conjugate gradient method for implicit feedback collaborative filtering, RecSys 2011.

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
        cg_steps=None,
        seed=0,
        name=None,
    ):
        for argument, value in (("l2", l2), ("unobserved_weight", unobserved_weight)):
            if not value > 0:
                raise InputError(f"{argument}: expected a number above 0, got {value!r}")
        for argument, value in (("dim", dim), ("epochs", epochs)):
            if int(value) != value or value < 1:
                raise InputError(f"{argument}: expected a whole number from 1, got {value!r}")
        if cg_steps is not None:
            whole_number(cg_steps, "cg_steps", 1)
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
        known = np.diff(by_user.indptr) > 0
        users = generator.normal(size=(len(train.users), self.dim)) * STDDEV / np.sqrt(self.dim)
        users = (users * known[:, None]).astype("float32")
        items = np.zeros((len(train.items), self.dim), "float32")
        # The matrices are small: a thread for each batch of rows, none inside a product.
        with (
            threadpoolctl.threadpool_limits(1, "blas"),
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool,
        ):
            for _ in range(self.epochs):
                items = self._solve(by_item, users, items, pool)
                users = self._solve(by_user, items, users, pool)
        users[~known] = users[known].mean(axis=0)
        return Factors(users, items)

    def contributions(self, inputs, history, items, values=None):
        """What each item of a history adds to the score of each item, exactly.

            score(i) = sum over the history of c_j q_i' W q_j
            W = (w0 sum of q q' + sum over the history of c_j q_j q_j' + lambda I)^-1

        For the history of a known user they add up to the model's score. With `alpha`, `values` are
        needed.

        Args:
            inputs: Model inputs of the query.
            history: `(h,)` distinct item rows; an item without train interactions adds 0.
            items: `(m,)` item rows.
            values: `(h,)` summed values of the items of the history. With `alpha` and without
                values, the result is that of `Retriever`.

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
                f"the confidence 1 + alpha * value must be above 0, got {1 + weighted.min():g} "
                f"with alpha={self.alpha:g}: lower alpha, or use values of at least 0"
            )
        return 1.0 + weighted

    def _ridge(self, lengths, others):
        """lambda of rows with `lengths` interactions; the other side has `others` known rows."""
        return self.l2 * (lengths + self.unobserved_weight * others) ** self.l2_exponent

    def _solve(self, observed, fixed, start, pool):
        """The vectors of the rows of a CSR matrix of confidences.

        Args:
            observed: `(rows, columns)` confidences.
            fixed: `(columns, dim)` vectors of the other side.
            start: `(rows, dim)` vectors of these rows so far, where conjugate gradients start.
            pool: Executor of the batches of rows.
        """
        lengths = np.diff(observed.indptr)
        others = np.count_nonzero(np.bincount(observed.indices))
        ridge = self._ridge(lengths, others).astype("float32")
        # In the eigenbasis of the Gram matrix the term over all pairs is diagonal. So a row with
        # fewer interactions than dim needs only a system of that size, see `_solve_short`.
        gram = (fixed.T @ fixed).astype("float64")
        spectrum, axes = np.linalg.eigh(self.unobserved_weight * gram)
        spectrum, axes = np.maximum(spectrum, 0.0).astype("float32"), axes.astype("float32")
        rotated, solution = fixed @ axes, start @ axes

        def solve(rows):
            base = spectrum + ridge[rows, None]
            if self.cg_steps:
                found = _approach(observed, rows, rotated, base, solution[rows], self.cg_steps)
            elif lengths[rows].max() < self.dim:
                found = _solve_short(observed, rows, rotated, base)
            else:
                found = _solve_long(observed, rows, rotated, base)
            solution[rows] = found

        list(pool.map(solve, _batches_by_length(lengths, self.dim)))
        return solution @ axes.T


def _batches_by_length(lengths, dim):
    """Batches of non-empty rows of similar length: a batch is padded to its longest row."""
    order = np.argsort(lengths, kind="stable")
    ordered, start = lengths[order], np.count_nonzero(lengths == 0)
    while start < len(order):
        longest = ordered[start] * 9 // 8
        batch = max(1, BATCH_SIZE // (int(longest) * dim))
        end = min(start + batch, np.searchsorted(ordered, longest, "right"))
        yield order[start:end]
        start = end


def _gather(observed, rows, start, stop):
    """Columns and values `(len(rows), stop - start)` of entries `start` to `stop` of CSR rows."""
    index = observed.indptr[rows, None] + np.arange(start, stop)
    inside = index < observed.indptr[rows + 1, None]
    index = np.where(inside, index, 0)
    # The vector of padding is 0, so its confidence does not matter.
    columns = np.where(inside, observed.indices[index], PADDING)
    return columns, np.where(inside, observed.data[index], 1.0).astype("float32")


def _solve_long(observed, rows, fixed, base):
    """Solves (B + Y'CY) x = Y'c, one dim x dim system for each row; B is diagonal."""
    dim, systems, right = base.shape[1], 0.0, 0.0
    length = np.diff(observed.indptr)[rows].max()
    step = max(1, BATCH_SIZE // (len(rows) * dim))
    for start in range(0, length, step):
        columns, weight = _gather(observed, rows, start, min(start + step, length))
        root = np.sqrt(weight)
        vectors = fixed.take(columns, axis=0)
        vectors *= root[..., None]
        right += np.matmul(root[:, None], vectors)[:, 0]
        systems += np.matmul(vectors.transpose(0, 2, 1), vectors)
    np.einsum("nii->ni", systems)[:] += base
    return solve_positive(systems, right)


def _solve_short(observed, rows, fixed, base):
    """The same x = B^-1 Y' (C^-1 + Y B^-1 Y')^-1 1, with a system of the size of the row."""
    length = np.diff(observed.indptr)[rows].max()
    columns, weight = _gather(observed, rows, 0, length)
    root = np.sqrt(base)
    vectors = fixed.take(columns, axis=0)
    vectors /= root[:, None]
    systems = np.matmul(vectors, vectors.transpose(0, 2, 1))
    np.einsum("nii->ni", systems)[:] += 1 / weight
    found = solve_positive(systems, np.ones((len(rows), length), "float32"))
    return np.matmul(found[:, None], vectors)[:, 0] / root


def _approach(observed, rows, fixed, base, found, steps):
    """Steps of conjugate gradients towards the x of `_solve_long`, from `found` on."""
    columns, weight = _gather(observed, rows, 0, np.diff(observed.indptr)[rows].max())
    vectors = fixed.take(columns, axis=0)

    def apply(x):
        scores = np.matmul(vectors, x[..., None])[..., 0]
        return base * x + np.matmul((weight * scores)[:, None], vectors)[:, 0]

    residual = np.matmul(weight[:, None], vectors)[:, 0] - apply(found)
    direction, error = residual, np.einsum("nd,nd->n", residual, residual)[:, None]
    for _ in range(steps):
        applied = apply(direction)
        # A row that is solved has a direction of 0.
        along = np.maximum(np.einsum("nd,nd->n", direction, applied)[:, None], TINY)
        found = found + error / along * direction
        residual = residual - error / along * applied
        before, error = error, np.einsum("nd,nd->n", residual, residual)[:, None]
        direction = residual + error / np.maximum(before, TINY) * direction
    return found
