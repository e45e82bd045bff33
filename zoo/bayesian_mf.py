"""BayesianMF: ratings by factors whose doubt is weighed, in closed form."""

import numpy as np
import scipy.sparse

from kerasrec.errors import InputError
from kerasrec.models import FactorModel, Factors
from kerasrec.register import register

USER_BIAS, ITEM_BIAS, FACTORS = 0, 1, 2
# Nothing is certain: a rating that is predicted exactly would count without end.
LEAST_VARIANCE = 1e-6


@register
class BayesianMF(FactorModel):
    """Biased matrix factorization by variational Bayes.

        r = mu + b_u + b_i + <p_u, q_i> + noise,   noise ~ N(0, s)
        (b_u, p_u) ~ N(m, diag(v)) for every user, (b_i, q_i) in the same way for every item
        score(u, i) = mu + E b_u + E b_i + <E p_u, E q_i>

    The posterior is taken as a product of normals, one for each user and item. Each in turn is the
    ridge regression on the others, with what they do not know yet as a part of the ridge:

        cov_u  = (sum over i of E[q_i q_i'] / s + diag(1 / v))^-1
        E p_u  = cov_u (sum over i of (r - mu - E b_i) E q_i / s + m / v)

    m, v and s are those that fit best, so there is no regularization to tune: factors that explain
    nothing shrink to 0 by themselves. An unknown user or item has m.

    Args:
        schema: `Schema` of the data.
        dim: Length of p and q; larger ones take more epochs, dim^2 numbers for each user and item
            and dim^3 operations.
        epochs: How often each side is updated.
        seed: Of the vectors to start from.

    Raises:
        InputError: at construction, for no epoch or no dim.

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
        for what, value in (("dim", dim), ("epochs", epochs)):
            if int(value) != value or value < 1:
                raise InputError(f"{what}: expected a whole number from 1, got {value!r}")
        super().__init__(schema=schema, dim=dim, biases=True, name=name)

    def find_factors(self, train):
        values = train.value.astype("float64")
        mean = values.mean()
        # Repeated interactions of a pair are separate observations: sums and counts hold them all.
        shape = (self.schema.num_users, self.schema.num_items)
        pairs = (train.user, train.item)
        count = scipy.sparse.coo_matrix((np.ones(len(train)), pairs), shape).tocsr()
        total = scipy.sparse.coo_matrix((values - mean, pairs), shape).tocsr()
        generator, width = np.random.default_rng(self.seed), self.dim + FACTORS
        noise = max(values.var(), LEAST_VARIANCE)
        users = _Side(generator, shape[0], width, free=USER_BIAS, noise=noise)
        items = _Side(generator, shape[1], width, free=ITEM_BIAS, noise=noise)
        squares = ((values - mean) ** 2).sum()
        tables = (count, total), (count.T.tocsr(), total.T.tocsr())
        for _ in range(self.epochs):
            users.update(*tables[0], items, noise)
            found = items.update(*tables[1], users, noise)
            noise = max((squares + found) / len(train), LEAST_VARIANCE)
        return Factors(
            users.mean[:, FACTORS:],
            items.mean[:, FACTORS:],
            users.mean[:, USER_BIAS],
            items.mean[:, ITEM_BIAS],
            mean,
        )


class _Side:
    """The normals of all users, or of all items.

    A vector is [own bias, 1, factors] for users and [1, own bias, factors] for items, so that the
    score is one dot product; the 1 is certain.
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
        """E[x x'] of each row x, flat: `(rows, width * width)`."""
        found = self.covariance + self.mean[:, :, None] * self.mean[:, None, :]
        return found.reshape(len(found), -1)

    def update(self, count, total, other, noise):
        """The normals given the other side's; sum over pairs of E[score^2] - 2 r E[score]."""
        rows, width = self.mean.shape
        seen = (count @ other.moments()).reshape(rows, width, width)
        wanted = total @ other.mean
        free = np.ix_(range(rows), self.free, self.free)
        precision = seen[free] / noise + np.diag(1 / self.prior_variance)
        known = wanted[:, self.free] - seen[:, self.free, self.one]
        right = known / noise + self.prior_mean / self.prior_variance
        self.covariance[free] = np.linalg.inv(precision)
        self.mean[:, self.free] = np.einsum("nij,nj->ni", self.covariance[free], right)
        self._fit_prior(np.diff(count.indptr) > 0)
        both = np.einsum("nk,nk->", self.moments(), seen.reshape(rows, -1))
        return both - 2 * np.einsum("nk,nk->", self.mean, wanted)

    def _fit_prior(self, known):
        """m and v that fit the rows with observations best; without any nothing is learnt."""
        mean = self.mean[known][:, self.free]
        spread = np.einsum("nii->ni", self.covariance[known])[:, self.free]
        self.prior_mean = mean.mean(axis=0)
        around = (mean - self.prior_mean) ** 2
        self.prior_variance = np.maximum((around + spread).mean(axis=0), LEAST_VARIANCE)
