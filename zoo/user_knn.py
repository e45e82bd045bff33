"""User kNN: items are scored by how many similar users took them."""

import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.user_neighbour_scores import UserNeighbourScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.similarity import (
    cosine_blocks,
    interaction_matrix,
    last_interactions,
    nearest,
)
from kerasrec.register import register
from kerasrec_zoo.item_knn import USER_DAMPING, check_knn, rating_layer, rating_tables

# Of the level of a user: none, the mean of their ratings, or a damped one.
DAMPING = {"none": None, "means": 0.0, "biases": USER_DAMPING}


@register
class UserKNN(NeighbourModel):
    """User-based nearest neighbours, for clicks or for ratings.

    With `task="ranking"` values are ignored, and N(u) are the most similar users:

        weight(u, v) = |I_u and I_v| / (sqrt(|I_u| |I_v|) + shrinkage),   I_u: items of user u
        score(u, j)  = sum over v in N(u) of weight(u, v) [v took j]

    Of each neighbour the last `schema.history_length` items are used. A user without neighbours,
    such as an unknown user, gets the popular items.

    With `task="rating"` a rating is estimated from those of the `num_neighbours` most similar users
    v who rated the item, or with `nearest="all"` from those of the `num_neighbours` most similar
    users who did:

        score(u, j) = b(u, j) + sum over v of s(u, v) (r(v, j) - b(v, j)) / sum over v of s(u, v)

    with similarities s > 0 over the n items that both users rated, times n / (n + shrinkage). All
    similarities are stored: `4 num_users^2` bytes.

    A request may give ratings: `recommend(histories=[["x", "y"]], values=[[5, 2]])`. Then s(u, v)
    and b_u are computed from them, for any user: for a new one the answers are those of a model
    whose train part had this user as well, where mean, b_j and the means of `adjusted_cosine` stay
    as they are. Without ratings the score of an unknown user is b, equal for all items unless
    `baseline` is "biases". The last `schema.history_length` items are read.

    Args:
        schema: `Schema` of the data.
        num_neighbours: Neighbours kept for each user; for a rating, the largest number used.
        shrinkage: Moves similarities over few items towards 0.
        similarity: "cosine"; for ratings also "pearson", "adjusted_cosine" (the item's mean is
            subtracted) or "msd", 1 / (1 + mean squared difference).
        task: "ranking" or "rating".
        baseline: b of ratings: "none" (the global mean, which cancels), "means" (the user's mean)
            or "biases" (mean + b_u + b_j, damped).
        min_neighbours: Fewest neighbours for a rating; with fewer it is b.
        num_ratings: Number of last ratings stored for each item; None for the number of users.
            Fewer take less memory and time.
        nearest: "raters" for the nearest users who rated the item, "all" for the nearest users.

    Raises:
        InputError: at construction, for an unknown choice, a number out of range, or similarities
            that do not fit in memory.

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
        nearest="raters",
        name=None,
    ):
        check_knn(num_neighbours, shrinkage, similarity, task, baseline, min_neighbours)
        rates = task == "rating"
        if rates:
            scores = rating_layer(
                schema, "user", num_neighbours, min_neighbours, num_ratings, nearest=nearest,
                similarity=similarity, shrinkage=shrinkage, user_damping=DAMPING[baseline],
            )  # fmt: skip
        elif nearest != "raters":
            raise InputError(
                f'nearest: {nearest!r} chooses among raters, and task="ranking" has none: leave it '
                'out, or take task="rating"'
            )
        else:
            scores = UserNeighbourScores(
                schema.num_users,
                schema.num_items,
                min(num_neighbours, schema.num_users),
                schema.history_length,
                name="neighbour_scores",
            )
        query = ("user", "history", "value") if rates else ("user",)
        super().__init__(schema=schema, scores=scores, query=query, rates=rates, name=name)

    @property
    def value_range(self):
        if not self.predicts_values:
            return None
        low, high = ops.convert_to_numpy(self.neighbour_scores.scale)
        return float(low), float(high)

    @property
    def order_read(self):
        # Only the last `history_length` items of a neighbour are kept.
        return not self.predicts_values

    def find_neighbours(self, train):
        if self.predicts_values:
            return rating_tables(train, "user", self.similarity, self.shrinkage, self.baseline)
        counts = train.item_counts()
        train = train.select(last_interactions(train))
        matrix = interaction_matrix(train, "user", np.ones(len(train)))
        similarities = cosine_blocks(matrix, self.shrinkage)
        neighbours = nearest(similarities, matrix.shape[0], self.neighbour_scores.num_neighbours)
        return *neighbours, (train.user, train.item), counts
