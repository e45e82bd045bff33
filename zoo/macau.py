"""Macau: Bayesian matrix factorization with features, by Gibbs sampling."""

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg

from kerasrec.errors import InputError
from kerasrec.layers.feature_rows import KINDS, feature_rows
from kerasrec.models import FactorModel, Factors
from kerasrec.register import register

# Of the features and of the rated items as many principal components are kept.
EXACT, COMPONENTS = 2048, 256


@register
class Macau(FactorModel):
    """Biased matrix factorization whose priors are regressions on features and on who rated what.

        r = mu + b_u + b_i + <p_u, q_i> + noise,   noise ~ N(0, s)
        (b_u, p_u) ~ N(B x_u, C) for every user, (b_i, q_i) in the same way for every item
        score(u, i) = mu + E[b_u + b_i + <p_u, q_i>], the mean over the draws

    x holds a 1, the features of the table, and the rated items as in SVD++: 1 / sqrt(n) for each of
    the n items of a user, and for each of the n users of an item. Numbers, categories, words and
    vectors are read. So users and items with few ratings are near those with the same features and
    the same choice of what to rate. B, C and s have priors of their own and are drawn too: there is
    no regularization to tune.

    A score is one dot product: the mean of the drawn products is kept as its `dim` largest
    singular vectors.

    Args:
        schema: `Schema` of the data.
        rank: Length of the p and q that are drawn. A draw takes rank^2 operations a rating.
        samples: Number of draws of all vectors that are averaged.
        burn_in: Number of draws before them, which are left out.
        dim: Length of the vectors that are kept.
        seed: Random seed of the draws.

    Raises:
        InputError: at construction, if a number is no whole number from 1.

    Reference:
        Simm et al., Macau: scalable Bayesian factorization with high-dimensional side information
        using MCMC, MLSP 2017; Rendle, Zhang, Koren, On the difficulty of evaluating baselines,
        2019 (rated items and raters in the Bayesian model).

    Example:

    >>> import pandas as pd
    >>> from kerasrec.data import Interactions
    >>> frame = pd.DataFrame({"user": list("aabb"), "item": list("xyxy"), "value": [1, 2, 3, 4]})
    >>> train = Interactions.from_frame(frame)
    >>> model = Macau(train.schema(), rank=1, samples=50)
    >>> model.adapt(train)
    >>> low, high = model.score(users=["a", "b"], items=["x", "y"])
    >>> bool(low < high)
    True
    """

    predicts_values = True

    def __init__(self, schema, rank=20, samples=300, burn_in=50, dim=64, seed=0, name=None):
        numbers = {"rank": rank, "samples": samples, "burn_in": burn_in, "dim": dim}
        for argument, value in numbers.items():
            if int(value) != value or value < 1:
                raise InputError(f"{argument}: expected a whole number from 1, got {value!r}")
        cold = bool(_read(schema.item_features))
        super().__init__(schema=schema, dim=dim, biases=True, cold_items=cold, name=name)
        if cold:
            self.capabilities |= {"cold_items"}

    @property
    def features_read(self):
        users, items = super().features_read
        own = self.schema
        return users | _names(own.user_features), items | _names(own.item_features)

    def find_factors(self, train):
        values = train.value.astype("float64")
        mean, generator = values.mean(), np.random.default_rng(self.seed)
        shape, pairs = (len(train.users), len(train.items)), (train.user, train.item)
        count = scipy.sparse.coo_matrix((np.ones(len(train)), pairs), shape).tocsr()
        total = scipy.sparse.coo_matrix((values - mean, pairs), shape).tocsr()
        by_user, by_item = (count, total), (count.T.tocsr(), total.T.tocsr())
        users, items = (
            _Side(generator, self.rank + 1, _designs(catalog, features, tables[0]))
            for catalog, features, tables in (
                (train.users, self.schema.user_features, by_user),
                (train.items, self.schema.item_features, by_item),
            )
        )
        found, precision = _MeanProduct(self.dim), 1 / max(values.var(), 1e-6)
        user_bias, item_bias = np.zeros(shape[0]), np.zeros(shape[1])
        for number in range(self.burn_in + self.samples):
            users.draw(*by_user, items.vectors, precision)
            items.draw(*by_item, users.vectors, precision)
            p, q = users.vectors, items.vectors
            score = p[train.user, 0] + q[train.item, 0]
            score += np.einsum("nk,nk->n", p[train.user, 1:], q[train.item, 1:])
            error = ((values - mean - score) ** 2).sum()
            precision = generator.gamma(1 + len(values) / 2) / (1e-3 + error / 2)
            if number >= self.burn_in:
                found.add(p[:, 1:], q[:, 1:])
                user_bias += p[:, 0] / self.samples
                item_bias += q[:, 0] / self.samples
        return Factors(*found.factors(), user_bias, item_bias, mean)


def _read(features):
    return [one for one in features if one.kind in KINDS]


def _names(features):
    return {one.name for one in _read(features)}


def _designs(catalog, features, counts):
    """Two tables of features of each row, `(rows, columns)` sparse: those given, and its pairs."""
    pairs = scipy.sparse.diags(1 / np.sqrt(np.maximum(np.diff(counts.indptr), 1))) @ (counts > 0)
    read = [
        {"name": one.name, "kind": one.kind, "size": one.size, "length": one.length}
        for one in _read(features)
    ]
    given = feature_rows(read, catalog.columns)[0] if read else None
    found = [scipy.sparse.csr_matrix(pairs.astype("float64"))]
    return found if given is None else [scipy.sparse.csr_matrix(given.astype("float64")), *found]


def _components(table):
    """U S and S^2 of the singular value decomposition U S V' of a sparse table."""
    small = min(table.shape)
    if small > EXACT:
        start = np.random.default_rng(0).standard_normal(small)
        left, size, _ = scipy.sparse.linalg.svds(table, k=COMPONENTS, v0=start)
        return left * size, size**2
    if table.shape[0] < table.shape[1]:
        squares, left = np.linalg.eigh((table @ table.T).toarray())
        scaled = left * np.sqrt(np.maximum(squares, 0))
    else:
        squares, right = np.linalg.eigh((table.T @ table).toarray())
        scaled = table @ right
    kept = squares > 1e-9 * max(squares.max(), 1e-9)
    return scaled[:, kept], squares[kept]


class _Regression:
    """The part of the prior mean that is linear in one table of features.

    In the principal components of the table the coefficients are independent. Those that no row
    reads, beyond the rank of the table, need no draw.
    """

    def __init__(self, table, width):
        self.scaled, self.squares = _components(table)
        self.mean, self.ridge = np.zeros((len(self.scaled), width)), 1.0
        self.squared = np.zeros((width, width))

    def draw(self, generator, rest, precision):
        """Draws the coefficients given what the prior means have to explain, and their ridge."""
        ridges = (self.squares + self.ridge)[:, None]
        noise = generator.normal(size=(len(self.squares), rest.shape[1]))
        lower = np.linalg.cholesky(precision)
        noise = scipy.linalg.solve_triangular(lower, noise.T, trans="T", lower=True).T
        coefficients = self.scaled.T @ rest / ridges + noise / np.sqrt(ridges)
        self.mean = self.scaled @ coefficients
        squared = coefficients.T @ coefficients
        size = np.einsum("kl,kl->", squared, precision)
        self.ridge = generator.gamma(1 + coefficients.size / 2) / (1 + size / 2)
        self.squared = self.ridge * squared


class _Side:
    """The vectors [bias, factors] of all users, or of all items, and their prior.

    Args:
        generator: NumPy random generator.
        width: Length of a vector.
        designs: Tables of features of the rows.
    """

    def __init__(self, generator, width, designs):
        rows = designs[0].shape[0]
        self._generator = generator
        self.vectors = generator.normal(0.0, 0.1, (rows, width))
        self.vectors[:, 0] = 0.0
        self._precision = 10 * np.eye(width)
        tables = [scipy.sparse.csr_matrix(np.ones((rows, 1))), *designs]
        self._regressions = [_Regression(table, width) for table in tables if table.nnz]

    def draw(self, count, total, other, noise_precision):
        """Draws the prior given the vectors, then the vectors.

        Args:
            count: Number of ratings of each pair, `(rows, other rows)` CSR.
            total: Sum of the ratings minus mu of each pair, in the same way.
            other: Vectors of the other side.
            noise_precision: 1 / s.
        """
        self._draw_prior()
        rows, width = self.vectors.shape
        reads = np.concatenate([np.ones((len(other), 1)), other[:, 1:]], axis=1)
        moments = (reads[:, :, None] * reads[:, None, :]).reshape(len(reads), -1)
        precision = noise_precision * (count @ moments).reshape(rows, width, width)
        precision += self._precision
        right = noise_precision * (total @ reads - count @ (reads * other[:, :1]))
        right += self._prior_mean() @ self._precision
        lower = np.linalg.cholesky(precision)
        half = np.linalg.solve(lower, right[..., None])
        half += self._generator.normal(size=half.shape)
        self.vectors = np.linalg.solve(lower.transpose(0, 2, 1), half)[..., 0]

    def _prior_mean(self):
        return sum(one.mean for one in self._regressions)

    def _draw_prior(self):
        width, freedom = self.vectors.shape[1], self.vectors.shape[1] + len(self.vectors)
        for one in self._regressions:
            rest = self.vectors - self._prior_mean() + one.mean
            one.draw(self._generator, rest, self._precision)
            freedom += len(one.squares)
        rest = self.vectors - self._prior_mean()
        squared = np.eye(width) + rest.T @ rest + sum(one.squared for one in self._regressions)
        # Wishart, by Bartlett's decomposition.
        inverse = np.linalg.inv(squared)
        lower = np.tril(self._generator.normal(size=(width, width)), -1)
        lower += np.diag(np.sqrt(self._generator.chisquare(freedom - np.arange(width))))
        scaled = np.linalg.cholesky((inverse + inverse.T) / 2) @ lower
        self._precision = scaled @ scaled.T


class _MeanProduct:
    """The mean of products P Q', as a product of two tables with `dim` columns."""

    def __init__(self, dim):
        self._dim, self._drawn = dim, 0
        self._left, self._right = [], []

    def add(self, left, right):
        self._left.append(left)
        self._right.append(right)
        self._drawn += 1
        if sum(one.shape[1] for one in self._left) > 5 * self._dim:
            self._shorten()

    def factors(self):
        """The tables `(rows, dim)` of both sides."""
        self._shorten()
        pad = self._dim - self._left[0].shape[1]
        left, right = (np.pad(one[0], ((0, 0), (0, pad))) for one in (self._left, self._right))
        return left / self._drawn, right

    def _shorten(self):
        left, above = np.linalg.qr(np.concatenate(self._left, axis=1))
        right, below = np.linalg.qr(np.concatenate(self._right, axis=1))
        one, size, other = np.linalg.svd(above @ below.T, full_matrices=False)
        size = np.sqrt(size[: self._dim])
        self._left = [left @ one[:, : self._dim] * size]
        self._right = [right @ other[: self._dim].T * size]
