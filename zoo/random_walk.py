"""RandomWalk: items that random walks over the graph of interactions reach from a history."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.layers.neighbour_scores import NeighbourScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.similarity import (
    BLOCK_SIZE,
    interaction_matrix,
    last_interactions,
    nearest,
    product_blocks,
)
from kerasrec.register import register


@register
class RandomWalk(NeighbourModel):
    """Random walks from the items of a history to their users and on to the items of these.

    Items and users are nodes, and who took what are the edges. d is the number of edges of a node.
    One step goes from an item i to one of its users v and on to one of the items j of v:

        P(i, j)     = sum over users v of i and j of d(i)^-alpha d(v)^-alpha
        w(i, j)     = d(j)^-beta sum over t = 1 .. steps of (1 - restart)^(t - 1) P^t(i, j)
        score(u, j) = sum over i in the history of u of w(i, j)

    For each item i the `num_neighbours` largest w(i, j), j != i, are kept. Factors that are the
    same for all items of a user are left out. Values are not read.

    * P3-alpha: `beta=0`. RP3-beta: `beta` above 0, so that popular items get less.
    * Personalised PageRank: `alpha=1, beta=0` and several `steps`. With `alpha=1`, and only then, P
      is a probability, and w the distribution of the walk that starts anew at i with probability
      `restart` whenever it is at an item. Longer walks than `steps`, of probability
      (1 - restart)^(steps + 1), are left out.

    Args:
        schema: `Schema` of the data.
        num_neighbours: Items kept for each item.
        alpha: Power of the probability of each edge, from 0 to 2.
        beta: Power of the popularity that a weight is divided by, from 0 to 2.
        steps: Largest number of steps of a walk.
        restart: Probability to start anew; without effect for one step.

    Raises:
        InputError: at construction, for a number out of range.

    Reference:
        Paudel et al., Updatable, accurate, diverse, and scalable recommendations for interactive
        applications, TiiS 2017, for RP3-beta. Cooper et al., Random walks in recommender systems,
        WWW 2014, for P3-alpha. Page et al., The PageRank citation ranking, 1999.

    Example:

    >>> import pandas as pd
    >>> from kerasrec.data import Interactions
    >>> frame = pd.DataFrame({"user": list("uuvvw"), "item": list("abbcc")})
    >>> train = Interactions.from_frame(frame)
    >>> model = RandomWalk(train.schema(), beta=0.0, steps=2, restart=0.5)
    >>> model.adapt(train)
    >>> model.score(histories=[["a"], ["a"]], items=["b", "c"]).round(4).tolist()
    [0.75, 0.0625]
    """

    def __init__(
        self, schema, num_neighbours=100, alpha=1.0, beta=0.5, steps=1, restart=0.2, name=None
    ):
        for argument, value in (("num_neighbours", num_neighbours), ("steps", steps)):
            _check(value >= 1, argument, "at least 1", value)
        for argument, value in (("alpha", alpha), ("beta", beta)):
            _check(0 <= value <= 2, argument, "from 0 to 2", value)
        _check(0 < restart < 1, "restart", "above 0 and below 1", restart)
        kept = min(num_neighbours, schema.num_items)
        scores = NeighbourScores(schema.num_items, kept, name="neighbour_scores")
        super().__init__(schema=schema, scores=scores, name=name)

    def find_neighbours(self, train):
        train = train.select(last_interactions(train))
        user_counts, item_counts = train.user_counts(), train.item_counts()
        # P is this matrix times its transpose, after its rows are multiplied by d(i)^-alpha.
        edges = np.maximum(user_counts, 1.0) ** (-self.alpha / 2)
        matrix = interaction_matrix(train, "item", edges[train.user]).astype("float32")
        transpose = matrix.T.tocsr()
        leave = (np.maximum(item_counts, 1.0) ** -self.alpha).astype("float32")
        popularity = (np.maximum(item_counts, 1.0) ** self.beta).astype("float32")

        def walk(rows, block):
            block *= leave[rows, None]
            # There may be many more users than items: fewer rows of users fit into a block.
            at_once = max(1, BLOCK_SIZE // matrix.shape[1])
            for start in range(0, len(block) if self.steps > 1 else 0, at_once):
                part = block[start : start + at_once]
                reached = part.copy()
                for _ in range(self.steps - 1):
                    reached = (1.0 - self.restart) * ((reached * leave) @ matrix) @ transpose
                    part += reached
            block /= popularity
            block[np.arange(rows.stop - rows.start), np.arange(rows.start, rows.stop)] = 0.0
            return block

        blocks = product_blocks(matrix, walk)
        return nearest(blocks, len(item_counts), self.neighbour_scores.num_neighbours)


def _check(valid, name, expected, value):
    if not valid:
        raise InputError(f"{name}: expected {expected}, got {value!r}")
