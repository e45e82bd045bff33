"""Item kNN: people who took this also took that."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.layers.neighbour_ratings import NeighbourRatings
from kerasrec.layers.neighbour_scores import NeighbourScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.similarity import (
    agreements,
    check_similarity,
    last_of_pairs,
    nearest,
    overlaps,
    pair_table,
    turned,
)
from kerasrec.register import register
from kerasrec.tables.memory import check_memory
from kerasrec_zoo.damped_mean import damped_means

TASKS = ("ranking", "rating")
BASELINES = ("none", "means", "biases")
LINKS = 4
# What the biases of the published models are damped with, and how often each side is computed.
ITEM_DAMPING, USER_DAMPING, SWEEPS = 10.0, 15.0, 10


@register
class ItemKNN(NeighbourModel):
    """Item-based nearest neighbours, for clicks or for ratings.

    Ranking reads who took what, not the values:

        weight(i, j) = |U_i and U_j| / (sqrt(|U_i| |U_j|) + shrinkage),   U_i: users of item i
        score(u, j)  = sum over i in the history of u, i near j, of weight(i, j)

    A user counts for |U| as mean n / n, n items that the user took: who took everything says
    little. Near j are its `num_neighbours` most similar items; an item that is near more than
    `LINKS * num_neighbours` others keeps its strongest such links.

    Rating estimates a value from those the user gave to the `num_neighbours` most similar items:

        score(u, j) = b(u, j) + sum over i of s(i, j) (r(u, i) - b(u, i)) / sum over i of s(i, j)

    with s > 0 from the ratings of users who rated both, times n / (n + shrinkage) for n of them.
    All similarities are stored: `4 num_items^2` bytes.

    Args:
        schema: `Schema` of the data.
        num_neighbours: Neighbours kept for each item; of a rating, those that count.
        shrinkage: Pulls similarities that rest on few users towards 0.
        similarity: "cosine"; for ratings also "pearson", "adjusted_cosine" (less the user's mean)
            or "msd", 1 / (1 + mean squared difference).
        task: "ranking" or "rating".
        baseline: b of ratings: "none" (the mean of all, which cancels), "means" (the item's mean)
            or "biases" (mean + b_u + b_j, damped).
        min_neighbours: Neighbours that a rating takes; with fewer it is b.
        num_ratings: Ratings stored for each user, the last ones; None for as many as there are
            items. Fewer take less memory and time.

    Raises:
        InputError: at construction, for an unknown choice, a number out of range, or similarities
            that the memory cannot hold.

    Reference:
        Sarwar et al., Item-based collaborative filtering recommendation algorithms, WWW 2001.
        Karypis, Evaluation of item-based top-N recommendation algorithms, CIKM 2001, for the
        weight of a user. Koren, Factor in the neighbors, TKDD 2010, section 2.2, for the biases.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = ItemKNN(train.schema())
    >>> model.adapt(train)
    >>> model.recommend(histories=[[train.items.vocabulary.ids[0]]], k=1)["rank"].tolist()
    [1]
    """

    def __init__(
        self,
        schema,
        num_neighbours=100,
        shrinkage=10.0,
        similarity="cosine",
        task="ranking",
        baseline="biases",
        min_neighbours=1,
        num_ratings=None,
        name=None,
    ):
        check_knn(num_neighbours, shrinkage, similarity, task, baseline, min_neighbours)
        rates = task == "rating"
        if rates:
            scores = rating_layer(schema, "item", num_neighbours, min_neighbours, num_ratings)
        else:
            kept = min(LINKS * num_neighbours, schema.num_items)
            scores = NeighbourScores(schema.num_items, kept, name="neighbour_scores")
        query = "user" if rates else "history"
        super().__init__(schema=schema, scores=scores, query=query, rates=rates, name=name)

    def find_neighbours(self, train):
        if self.predicts_values:
            return rating_tables(train, "item", self.similarity, self.shrinkage, self.baseline)
        train = train.select(last_of_pairs(train))
        took = train.user_counts()
        activity = np.maximum(took, 1) / took[took > 0].mean()
        taken = pair_table(train, "item", np.sqrt(1 / activity[train.user]))
        size = taken.shape[0]
        near = nearest(overlaps(taken, self.shrinkage), size, min(self.num_neighbours, size))
        return turned(*near, self.neighbour_scores.num_neighbours)


def check_knn(num_neighbours, shrinkage, similarity, task, baseline, min_neighbours):
    """Raises an `InputError` for arguments of a neighbour model that mean nothing."""
    check_similarity(similarity, shrinkage)
    for name, value, known in (("task", task, TASKS), ("baseline", baseline, BASELINES)):
        if value not in known:
            raise InputError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
    for name, value in (("num_neighbours", num_neighbours), ("min_neighbours", min_neighbours)):
        if value < 1:
            raise InputError(f"{name}: expected at least 1, got {value!r}")
    if task == "ranking" and similarity != "cosine":
        raise InputError(
            f'similarity: {similarity!r} compares ratings, and task="ranking" reads who took what: '
            'choose "cosine", or task="rating"'
        )


def rating_layer(schema, near, num_neighbours, min_neighbours, num_ratings):
    """The `NeighbourRatings` of a schema, if the memory can hold it."""
    size, others = schema.num_users, schema.num_items
    if near == "item":
        size, others = others, size
    kept = size if num_ratings is None else min(num_ratings, size)
    if kept < 1:
        raise InputError(f"num_ratings: expected at least 1, got {num_ratings!r}")
    check_memory(
        f'similarities of {size:,} {near}s and the ratings, for task="rating"',
        # The similarities a second time, while they are computed.
        [(size, size), (size, size), (others, kept), (others, kept)],
        "lower num_ratings, look for neighbours among the fewer of users and items, or take a "
        "model of factors",
    )
    return NeighbourRatings(
        schema.num_users,
        schema.num_items,
        near,
        num_neighbours,
        min_neighbours,
        kept,
        name="neighbour_scores",
    )


def rating_tables(train, near, similarity, shrinkage, baseline):
    """What `NeighbourRatings.assign` takes."""
    train = train.select(last_of_pairs(train))
    mean, user, item = _levels(train, near, baseline)
    rests = train.value - mean - user[train.user] - item[train.item]
    ratings = pair_table(train, near, train.value)
    found = agreements(ratings, similarity, shrinkage)
    return found, train.user, train.item, rests, mean, user, item


def _levels(train, near, baseline):
    if baseline == "biases":
        return damped_means(train, ITEM_DAMPING, USER_DAMPING, SWEEPS)
    value = train.value.astype("float64")
    mean = value.sum() / max(len(value), 1)
    offsets = {side: np.zeros(len(getattr(train, f"{side}s"))) for side in ("user", "item")}
    if baseline == "means":
        rows, size = getattr(train, near), len(offsets[near])
        counts = np.bincount(rows, minlength=size)
        sums = np.bincount(rows, weights=value - mean, minlength=size)
        offsets[near] = sums / np.maximum(counts, 1)
    return mean, offsets["user"], offsets["item"]
