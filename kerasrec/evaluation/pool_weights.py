"""Weights of features by the likelihood of a choice among a few: a convex fit."""

import dataclasses

import numpy as np
import scipy.optimize

# Weights of groups are pulled to those for all as if so many queries had asked for the latter.
PULL = 50.0
TOLERANCE = 1e-9


@dataclasses.dataclass(frozen=True)
class PoolExamples:
    """Queries with a pool of items, of which some are truths.

    Attributes:
        features: `(n, m, p)` float32, p features of each item.
        present: `(n, m)` bool, whether a place holds an item.
        truth: `(n, m)` bool, at least one in each row.
        query_group: `(n,)` int.
        item_group: `(n, m)` int.
    """

    features: np.ndarray
    present: np.ndarray
    truth: np.ndarray
    query_group: np.ndarray
    item_group: np.ndarray

    @classmethod
    def of(cls, features, present, truth, query_group, item_group):
        """The examples of queries, without those that have no truth in their pool."""
        kept = (truth & present).any(axis=1)
        given = features, present, truth & present, query_group, item_group
        return cls(*(one[kept] for one in given))

    @classmethod
    def joined(cls, several):
        """All of them, padded to one width."""
        width = max(one.present.shape[1] for one in several)

        def padded(name):
            columns = [getattr(one, name) for one in several]
            if name != "query_group":
                columns = [_padded(one, width) for one in columns]
            return np.concatenate(columns)

        return cls(**{field.name: padded(field.name) for field in dataclasses.fields(cls)})

    def __len__(self):
        return len(self.present)


def pool_weights(examples):
    """The weights w >= 0 that make the truths of the pools most likely.

        loss(w) = mean over n of mean over truths t of
                  log(exp x_t + sum over the others j of exp x_j) - x_t,     x = features w

    The other truths of a query are left out of its sum.

    Args:
        examples: `PoolExamples`, at least one.

    Returns:
        `(p,)` float64 weights, and the loss. Weights of 0 all are replaced by equal ones: no
        feature says anything.
    """
    number = examples.features.shape[2]
    cells = np.zeros(examples.present.shape, "int64")

    def objective(weights):
        loss, slopes, _ = _loss(examples, cells, weights[None], np.zeros(1))
        return loss, slopes[0]

    found = _minimize(objective, np.full(number, 1.0 / number), [(0.0, None)] * number)
    weights = found.x if found.x.any() else np.ones(number)
    return weights, float(found.fun)


def gated_weights(examples, weights, shape):
    """As `pool_weights`, for each pair of a query group and an item group, with an offset.

    Args:
        examples: `PoolExamples`.
        weights: `(p,)`, what the weights of each pair are pulled to.
        shape: Numbers of groups of queries and of items.

    Returns:
        `(groups, groups, p)` and `(groups, groups)` float32 weights and offsets, and the loss.
    """
    number, pairs = len(weights), shape[0] * shape[1]
    cells = examples.query_group[:, None] * shape[1] + examples.item_group
    scale = np.maximum(weights, weights.mean() * 0.1)
    pull = PULL / len(examples)

    def parts(theta):
        theta = theta.reshape(pairs, number + 1)
        return theta[:, :number], theta[:, number]

    def objective(theta):
        own, offsets = parts(theta)
        loss, slopes, of_offsets = _loss(examples, cells, own, offsets)
        away = (own - weights) / scale
        loss += pull * (np.square(away).sum() + np.square(offsets).sum()) / 2
        slopes = np.column_stack([slopes + pull * away / scale, of_offsets + pull * offsets])
        return loss, slopes.ravel()

    start = np.column_stack([np.tile(weights, (pairs, 1)), np.zeros(pairs)]).ravel()
    bounds = [*[(0.0, None)] * number, (None, None)] * pairs
    own, offsets = parts(_minimize(objective, start, bounds).x)
    loss = _loss(examples, cells, own, offsets)[0]
    found = own.reshape(*shape, number), offsets.reshape(shape)
    return *(one.astype("float32") for one in found), float(loss)


def _minimize(objective, start, bounds):
    return scipy.optimize.minimize(
        objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": TOLERANCE}
    )


def _loss(examples, cells, weights, offsets):
    """The loss, and its slopes by the weights `(cells, p)` and offsets `(cells,)` of each cell."""
    features, present, truth = examples.features, examples.present, examples.truth
    x = np.einsum("nmp,nmp->nm", features, weights[cells]) + offsets[cells]
    x = np.where(present, x, -np.inf)
    x -= x.max(axis=1, keepdims=True)
    e = np.exp(x)
    others = np.where(truth, 0.0, e).sum(axis=1, keepdims=True)
    share = 1.0 / (len(examples) * truth.sum(axis=1, keepdims=True))
    total = np.where(truth, e + others, 1.0)
    loss = (np.where(truth, np.log(total) - np.where(truth, x, 0.0), 0.0) * share).sum()
    inverse = np.where(truth, share / total, 0.0)
    slope = np.where(truth, e * inverse - share, e * inverse.sum(axis=1, keepdims=True))
    flat, size = cells.ravel(), len(offsets)
    slopes = [
        np.bincount(flat, (slope * features[..., p]).ravel(), size)
        for p in range(features.shape[2])
    ]
    return loss, np.stack(slopes, axis=1), np.bincount(flat, slope.ravel(), size)


def _padded(values, width):
    more = [(0, 0)] * values.ndim
    more[1] = (0, width - values.shape[1])
    return np.pad(values, more)
