"""BayesianMF: matrix factorization with posterior uncertainty (variational Bayes)."""

import numpy as np
import scipy.sparse

from kerasrec.errors import InputError
from kerasrec.models import FactorModel, Factors
from kerasrec.register import register

# Columns of a vector; the factors start at FACTORS.
USER_BIAS, ITEM_BIAS, FACTORS = 0, 1, 2
# A variance of 0 would be divided by, for ratings that are predicted exactly.
MIN_VARIANCE = 1e-6


@register
class BayesianMF(FactorModel):
    """Biased matrix factorization, fitted by variational Bayes.

        r = mu + b_u + b_i + <p_u, q_i> + noise,   noise ~ N(0, s)
        (b_u, p_u) ~ N(m, diag(v)) for every user, (b_i, q_i) in the same way for every item
        score(u, i) = mu + E b_u + E b_i + <E p_u, E q_i>

    The posterior is approximated by a product of normal distributions, one for each user and item.
    They are updated in turns. Each update is a ridge regression on the means of the other side,
    whose covariances add to the ridge through E[q q']:

        cov_u  = (sum over i of E[q_i q_i'] / s + diag(1 / v))^-1
        E p_u  = cov_u (sum over i of (r - mu - E b_i) E q_i / s + m / v)

    m, v and s are fitted too, so there is no regularization to tune: factors that explain nothing
    shrink to 0. An unknown user or item has the mean m.

    Args:
        schema: `Schema` of the data.
        dim: Length of p and q. Each user and item takes dim^2 numbers and dim^3 operations, and a
            larger dim needs more epochs.
        epochs: Number of updates of each side.
        seed: Random seed of the initial vectors.

    Raises:
        InputError: at construction, if `dim` or `epochs` is no whole number from 1.

    Reference:
        Lim and Teh, Variational Bayesian approach to movie rating prediction, KDD Cup and
        Workshop 2007.

    Example:

    >>> import pandas as pd
    >>> from kerasrec.data import Interactions
    >>> frame = pd.DataFrame({"user": list("aabb"), "item": list("xyxy"), "value": [1, 2, 3, 4]})
    >>> train = Interactions.from_frame(frame)
    >>> model = BayesianMF(train.schema(), dim=1)
    >>> model.adapt(train)
    >>> low, high = model.score(users=["a", "b"], items=["x", "y"])
    >>> bool(low < 2 < 3 < high)
    True
    """

    predicts_values = True

    def __init__(self, schema, dim=10, epochs=60, seed=0, name=None):
        for argument, value in (("dim", dim), ("epochs", epochs)):
            if int(value) != value or value < 1:
                raise InputError(f"{argument}: expected a whole number from 1, got {value!r}")
        super().__init__(schema=schema, dim=dim, biases=True, name=name)

    def find_factors(self, train):
        values = train.value.astype("float64")
        mean = values.mean()
        # Repeated interactions of a pair are separate observations: the matrices add them up.
        shape = (self.schema.num_users, self.schema.num_items)
        pairs = (train.user, train.item)
        count = scipy.sparse.coo_matrix((np.ones(len(train)), pairs), shape).tocsr()
        total = scipy.sparse.coo_matrix((values - mean, pairs), shape).tocsr()
        generator, width = np.random.default_rng(self.seed), self.dim + FACTORS
        noise = max(values.var(), MIN_VARIANCE)
        users = _Posterior(generator, shape[0], width, free=USER_BIAS, noise=noise)
        items = _Posterior(generator, shape[1], width, free=ITEM_BIAS, noise=noise)
        squares = ((values - mean) ** 2).sum()
        by_user, by_item = (count, total), (count.T.tocsr(), total.T.tocsr())
        for _ in range(self.epochs):
            users.update(*by_user, items, noise)
            error = items.update(*by_item, users, noise)
            noise = max((squares + error) / len(train), MIN_VARIANCE)
        return Factors(
            users.mean[:, FACTORS:],
            items.mean[:, FACTORS:],
            users.mean[:, USER_BIAS],
            items.mean[:, ITEM_BIAS],
            mean,
        )


class _Posterior:
    """The normal distributions of all users, or of all items.

    A vector is [bias, 1, factors] for users and [1, bias, factors] for items, so that the score
    minus mu is one dot product. The entry 1 has no variance.

    Args:
        generator: NumPy random generator of the initial means.
        rows: Number of users (items).
        width: Length of a vector.
        free: Column of the bias.
        noise: Initial variance of the ratings.
    """

    def __init__(self, generator, rows, width, free, noise):
        self.free = np.array([free, *range(FACTORS, width)])
        self.one = USER_BIAS + ITEM_BIAS - free
        self.mean = np.zeros((rows, width))
        self.mean[:, FACTORS:] = generator.normal(0.0, 0.1, (rows, width - FACTORS))
        self.mean[:, self.one] = 1.0
        self.covariance = np.zeros((rows, width, width))
        self.prior_mean = np.zeros(len(self.free))
        self.prior_variance = np.full(len(self.free), 0.1 * noise)

    def moments(self):
        """E[x x'] of each row x, flattened: `(rows, width * width)`."""
        moments = self.covariance + self.mean[:, :, None] * self.mean[:, None, :]
        return moments.reshape(len(moments), -1)

    def update(self, count, total, other, noise):
        """Updates mean and covariance of every row, and the prior.

        Args:
            count: Number of ratings of each pair, `(rows, other rows)` CSR.
            total: Sum of the ratings minus mu of each pair, in the same way.
            other: The other side.
            noise: Variance of the ratings.

        Returns:
            The sum over ratings of E[score^2] - 2 r E[score].
        """
        rows, width = self.mean.shape
        moments = (count @ other.moments()).reshape(rows, width, width)
        weighted = total @ other.mean
        free = np.ix_(range(rows), self.free, self.free)
        precision = moments[free] / noise + np.diag(1 / self.prior_variance)
        residual = weighted[:, self.free] - moments[:, self.free, self.one]
        right = residual / noise + self.prior_mean / self.prior_variance
        self.covariance[free] = np.linalg.inv(precision)
        self.mean[:, self.free] = np.einsum("nij,nj->ni", self.covariance[free], right)
        self._fit_prior(np.diff(count.indptr) > 0)
        squares = np.einsum("nk,nk->", self.moments(), moments.reshape(rows, -1))
        return squares - 2 * np.einsum("nk,nk->", self.mean, weighted)

    def _fit_prior(self, known):
        """Fits m and v to the rows that have ratings."""
        mean = self.mean[known][:, self.free]
        variance = np.einsum("nii->ni", self.covariance[known])[:, self.free]
        self.prior_mean = mean.mean(axis=0)
        squares = (mean - self.prior_mean) ** 2
        self.prior_variance = np.maximum((squares + variance).mean(axis=0), MIN_VARIANCE)
