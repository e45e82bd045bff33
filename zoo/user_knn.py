"""User kNN: what people like you took."""

import numpy as np

from kerasrec.layers.user_neighbour_scores import UserNeighbourScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.similarity import last_of_pairs, nearest, overlaps, pair_table
from kerasrec.register import register
from kerasrec_zoo.item_knn import check_knn, rating_layer, rating_tables


@register
class UserKNN(NeighbourModel):
    """User-based nearest neighbours, for clicks or for ratings.

    Ranking reads who took what, not the values, N(u) the most similar users:

        weight(u, v) = |I_u and I_v| / (sqrt(|I_u| |I_v|) + shrinkage),   I_u: items of user u
        score(u, j)  = sum over v in N(u) of weight(u, v) [v took j]

    Of each neighbour the last `history_length` items count (`schema.history_length`). A user
    without neighbours, an unknown one for example, is answered with what is popular.

    Rating estimates a value from those of the `num_neighbours` most similar users who rated the
    item:

        score(u, j) = b(u, j) + sum over v of s(u, v) (r(v, j) - b(v, j)) / sum over v of s(u, v)

    with s > 0 from the n items that both rated, times n / (n + shrinkage). All similarities are
    stored: `4 num_users^2` bytes. For an unknown user b is left, the same for all items unless
    `baseline` is "biases".

    Args:
        schema: `Schema` of the data.
        num_neighbours: Neighbours kept for each user; of a rating, those that count.
        shrinkage: Pulls similarities that rest on few items towards 0.
        similarity: "cosine"; for ratings also "pearson", "adjusted_cosine" (less the item's mean)
            or "msd", 1 / (1 + mean squared difference).
        task: "ranking" or "rating".
        baseline: b of ratings: "none" (the mean of all, which cancels), "means" (the user's mean)
            or "biases" (mean + b_u + b_j, damped).
        min_neighbours: Neighbours that a rating takes; with fewer it is b.
        num_ratings: Ratings stored for each item, the last ones; None for as many as there are
            users. Fewer take less memory and time.

    Raises:
        InputError: at construction, for an unknown choice, a number out of range, or similarities
            that the memory cannot hold.

    Reference:
        Herlocker et al., An algorithmic framework for performing collaborative filtering, SIGIR
        1999. Koren, Factor in the neighbors, TKDD 2010, section 2.2, for the biases.

    Example:

    >>> import pandas as pd
    >>> from kerasrec.data import Interactions
    >>> frame = pd.DataFrame({"user": list("aabbb"), "item": list("xyxyz")})
    >>> train = Interactions.from_frame(frame)
    >>> model = UserKNN(train.schema(), shrinkage=0)
    >>> model.adapt(train)
    >>> model.recommend(users=["a"], k=1)["item"].tolist()
    ['z']
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
            scores = rating_layer(schema, "user", num_neighbours, min_neighbours, num_ratings)
        else:
            scores = UserNeighbourScores(
                schema.num_users,
                schema.num_items,
                min(num_neighbours, schema.num_users),
                schema.history_length,
                name="neighbour_scores",
            )
        super().__init__(schema=schema, scores=scores, query="user", rates=rates, name=name)

    @property
    def order_read(self):
        # Of a neighbour's items the latest `history_length` are kept.
        return not self.predicts_values

    def find_neighbours(self, train):
        if self.predicts_values:
            return rating_tables(train, "user", self.similarity, self.shrinkage, self.baseline)
        counts = train.item_counts()
        train = train.select(last_of_pairs(train))
        taken = pair_table(train, "user", np.ones(len(train)))
        kept = self.neighbour_scores.num_neighbours
        found = nearest(overlaps(taken, self.shrinkage), taken.shape[0], kept)
        return *found, (train.user, train.item), counts
