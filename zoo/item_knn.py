"""Item kNN: items are scored by their similarity to the items of the history."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.layers.neighbour_ratings import NeighbourRatings
from kerasrec.layers.neighbour_scores import NeighbourScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.cooccurrence import cooccurrence_table
from kerasrec.models.neighbours.similarity import (
    check_similarity,
    interaction_matrix,
    largest_of_rows,
    last_interactions,
    rating_similarities,
    transposed,
)
from kerasrec.models.neighbours.sources import Sources
from kerasrec.models.neighbours.transitions import transition_table
from kerasrec.register import register
from kerasrec.tables.memory import check_memory
from kerasrec_zoo.damped_mean import damped_means

TASKS = ("ranking", "rating")
BASELINES = ("none", "means", "biases")
# An item may be a neighbour of at most this multiple of `num_neighbours` items.
MAX_LINKS = 4
# Damping and number of sweeps of the biases, as published.
ITEM_DAMPING, USER_DAMPING, SWEEPS = 10.0, 15.0, 10


@register
class ItemKNN(NeighbourModel):
    """Item-based nearest neighbours, for clicks or for ratings.

    With `task="ranking"` values are ignored:

        weight(i, j) = |U_i and U_j| / (sqrt(|U_i| |U_j|) + shrinkage),   U_i: users of item i
        score(u, j)  = sum over i in the history of u, i a neighbour of j, of weight(i, j)

    Users are weighted by inverse activity: in |U| a user with n items counts mean(n) / n. The
    neighbours of j are its `num_neighbours` most similar items. An item that is a neighbour of more
    than `MAX_LINKS * num_neighbours` items keeps the most similar of these links.

    With `sources`, the weight is a weighted sum of several tables, as of `Markov`: "cooccurrence"
    is the one above, "transitions" that of `Markov` with its defaults, and the name of an item
    feature the similarity of that feature. With a feature, items without interactions are
    recommended too.

    With `task="rating"` a rating is estimated from the user's ratings of the `num_neighbours` most
    similar items:

        score(u, j) = b(u, j) + sum over i of s(i, j) (r(u, i) - b(u, i)) / sum over i of s(i, j)

    with similarities s > 0 over the n users who rated both items, times n / (n + shrinkage). All
    similarities are stored: `4 num_items^2` bytes.

    Args:
        schema: `Schema` of the data.
        num_neighbours: Neighbours kept for each item; for a rating, the largest number used.
        shrinkage: Moves similarities over few users towards 0.
        similarity: "cosine"; for ratings also "pearson", "adjusted_cosine" (the user's mean is
            subtracted) or "msd", 1 / (1 + mean squared difference).
        task: "ranking" or "rating".
        baseline: b of ratings: "none" (the global mean, which cancels), "means" (the item's mean)
            or "biases" (mean + b_u + b_j, damped).
        min_neighbours: Fewest neighbours for a rating; with fewer it is b.
        num_ratings: Number of last ratings stored for each user; None for the number of items.
            Fewer take less memory and time.
        sources: Dict of each source to its weight, or a list of sources whose weights are fitted,
            as of `Markov`; None for co-occurrence alone. Only for `task="ranking"`.
        weighting: "tfidf" or "bm25", as of `ContentKNN`.

    Raises:
        InputError: at construction, for an unknown choice or source, a number out of range, weights
            that are negative or all 0, or similarities that do not fit in memory.

    Reference:
        Sarwar et al., Item-based collaborative filtering recommendation algorithms, WWW 2001.
        Karypis, Evaluation of item-based top-N recommendation algorithms, CIKM 2001, for the
        weighting of users. Koren, Factor in the neighbors, TKDD 2010, section 2.2, for the biases.

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
        sources=None,
        weighting="tfidf",
        name=None,
    ):
        check_knn(num_neighbours, shrinkage, similarity, task, baseline, min_neighbours)
        rates = task == "rating"
        if rates and sources is not None:
            raise InputError(f'sources: only for task="ranking", got {sources!r}')
        read = Sources(schema, {"cooccurrence": 1.0} if sources is None else sources, weighting)
        if rates:
            scores = rating_layer(schema, "item", num_neighbours, min_neighbours, num_ratings)
        else:
            max_links = min(MAX_LINKS * num_neighbours, schema.num_items)
            scores = NeighbourScores(schema.num_items, max_links, name="neighbour_scores")
        query = ("user",) if rates else ("history",)
        super().__init__(schema=schema, scores=scores, query=query, rates=rates, name=name)
        self._sources = read
        if read.features_read:
            self.capabilities |= {"cold_items"}

    def find_neighbours(self, train):
        if self.predicts_values:
            return rating_tables(train, "item", self.similarity, self.shrinkage, self.baseline)
        counters = {"cooccurrence": self._cooccurrence, "transitions": transition_table}
        length = self.schema.history_length
        table = self._sources.table(train, counters, self.num_neighbours, length, 1.0)
        self.sources = self._sources.weights
        neighbours = largest_of_rows(table.T.tocsr(), min(self.num_neighbours, len(train.items)))
        return transposed(*neighbours, self.neighbour_scores.num_neighbours)

    @property
    def features_read(self):
        return (), self._sources.features_read

    def _cooccurrence(self, train):
        return cooccurrence_table(train, self.num_neighbours, self.shrinkage)


def check_knn(num_neighbours, shrinkage, similarity, task, baseline, min_neighbours):
    """Raises an `InputError` for wrong arguments of `ItemKNN` or `UserKNN`."""
    check_similarity(similarity, shrinkage)
    for name, value, known in (("task", task, TASKS), ("baseline", baseline, BASELINES)):
        if value not in known:
            raise InputError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
    for name, value in (("num_neighbours", num_neighbours), ("min_neighbours", min_neighbours)):
        if value < 1:
            raise InputError(f"{name}: expected at least 1, got {value!r}")
    if task == "ranking" and similarity != "cosine":
        raise InputError(
            f'similarity: {similarity!r} compares ratings, and task="ranking" ignores them: choose '
            '"cosine", or task="rating"'
        )


def rating_layer(schema, side, num_neighbours, min_neighbours, num_ratings, **given):
    """The `NeighbourRatings` layer of `ItemKNN` or `UserKNN`, if it fits in memory.

    Args:
        schema: `Schema` of the data.
        side: "item" or "user": whose neighbours are stored.
        num_neighbours, min_neighbours, num_ratings: As for the models.
        given: Further arguments of the layer.
    """
    size, other_size = schema.num_users, schema.num_items
    if side == "item":
        size, other_size = other_size, size
    length = size if num_ratings is None else min(num_ratings, size)
    if length < 1:
        raise InputError(f"num_ratings: expected at least 1, got {num_ratings!r}")
    check_memory(
        f'similarities of {size:,} {side}s and the ratings, for task="rating"',
        # Similarities twice: the weight, and the array they are computed in.
        [(size, size), (size, size), (other_size, length), (other_size, length)],
        "lower num_ratings, use the KNN model over the fewer of users and items, or use a factor "
        "model",
    )
    return NeighbourRatings(
        schema.num_users,
        schema.num_items,
        side,
        num_neighbours,
        min_neighbours,
        length,
        name="neighbour_scores",
        **given,
    )


def rating_tables(train, side, similarity, shrinkage, baseline):
    """The arguments of `NeighbourRatings.assign`, as a tuple; `side` as of `rating_layer`."""
    train = train.select(last_interactions(train))
    mean, user, item = _baseline_levels(train, side, baseline)
    ratings = interaction_matrix(train, side, train.value)
    similarities = rating_similarities(ratings, similarity, shrinkage)
    return similarities, train.user, train.item, train.value, mean, user, item


def _baseline_levels(train, side, baseline):
    """Global mean, and offsets of users and items, by row."""
    if baseline == "biases":
        return damped_means(train, ITEM_DAMPING, USER_DAMPING, SWEEPS)
    value = train.value.astype("float64")
    mean = value.sum() / max(len(value), 1)
    offsets = {"user": np.zeros(len(train.users)), "item": np.zeros(len(train.items))}
    if baseline == "means":
        rows, size = getattr(train, side), len(offsets[side])
        counts = np.bincount(rows, minlength=size)
        sums = np.bincount(rows, weights=value - mean, minlength=size)
        offsets[side] = sums / np.maximum(counts, 1)
    return mean, offsets["user"], offsets["item"]
