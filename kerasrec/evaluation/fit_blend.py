"""Finds the weights of a `Blend` on the validation part."""

import dataclasses

import numpy as np
from keras import ops

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.evaluation.draw_users import draw_users
from kerasrec.evaluation.inputs import check_model, query_inputs
from kerasrec.evaluation.leakage import leakage_words, leaked_pairs
from kerasrec.evaluation.pool_weights import PoolExamples, gated_weights, pool_weights
from kerasrec.evaluation.ranking import allowed_rows, seen_rows
from kerasrec.evaluation.rating_weights import fit_ratings
from kerasrec.models import TopK
from kerasrec.models.blend import LENGTH
from kerasrec.models.row_lists import distinct

USERS = 10_000
# Items of each part that compete with the truths: about what a list shows. The likelihood in a
# larger pool is mostly that of items which no list shows.
POOL = 30
# Fewest queries whose truth is among the best of a part: fewer cannot tell weights from luck.
FEWEST = 20


@dataclasses.dataclass(frozen=True)
class BlendFit:
    """What `fit_blend` found.

    Attributes:
        part_weights: Weight of each part by name; of a gated blend those that the groups are
            pulled to.
        loss: Mean negative log likelihood of the truths among their pools; comparable between
            values of `how`, and with other parts it is not.
        queries: Validation users that were looked at.
        found: Those with a truth among the best items of a part.
    """

    part_weights: dict
    loss: float
    queries: int
    found: int

    def line(self):
        """One line for people."""
        weights = ", ".join(f"{name} {weight:.3g}" for name, weight in self.part_weights.items())
        return (
            f"Weights from {self.found:,} of {self.queries:,} validation users: {weights} "
            f"(loss {self.loss:.4f})"
        )


def fit_blend(blend, split, users=USERS, seed=0):
    """Sets the weights of a `Blend` to those that rank the validation part best.

        loss(w) = - mean over truths t of log softmax over the pool of sum of w_p f_p(q, t),  w >= 0

    The pool of a query holds the `POOL` best items of each part and the truth; only truths among
    these best count, for no weights bring up another one. The loss is convex. The logarithm is that
    of a whole catalog only for a pool of all items, which would be fitted to items that nobody is
    shown. Gated weights start from the weights for all and are pulled to them.

    With `how="rating"` weights and an intercept are those of `fit_ratings`, by least squares.

    Args:
        blend: An adapted `Blend`, whose parts are fitted.
        split: `Split` of the data whose train part they learned from.
        users: Validation users to fit on, drawn at random with `seed`; fewer if there are no more.
        seed: Of the draw.

    Returns:
        A `BlendFit`, or a `RatingBlendFit`.

    Raises:
        InputError: if a part was trained on pairs of the validation part, or if too few truths are
            among the best items of any part.
    """
    check_model(blend, split.train)
    if leaked := leaked_pairs(blend.trained_on, split, "validation"):
        raise InputError(
            f"fit_blend: the parts were {leakage_words(leaked, 'validation')}; weights would "
            "follow the part that remembers most: adapt and fit the parts on split.train"
        )
    chosen, _ = draw_users(split, "validation", users, seed)
    if blend.predicts_values:
        return fit_ratings(blend, split, chosen)
    queries = split.queries("validation", chosen)
    layer = blend.blended
    if blend.gated:
        _set_groups(blend, split, queries)
    examples = PoolExamples.joined([*_examples(blend, queries)])
    if len(examples) < FEWEST:
        raise InputError(
            f"fit_blend: of {len(queries):,} validation users {len(examples)} have an item of the "
            f"validation part among the best {POOL} of a model, and {FEWEST} are needed: give "
            "part_weights"
        )
    weights, loss = pool_weights(examples)
    layer.offsets.assign(np.zeros(layer.offsets.shape))
    layer.part_weights.assign(np.broadcast_to(np.float32(weights), layer.part_weights.shape))
    if blend.gated:
        by_group, offsets, loss = gated_weights(examples, weights, layer.offsets.shape)
        layer.part_weights.assign(by_group)
        layer.offsets.assign(offsets)
    named = dict(zip(blend.names, weights.tolist(), strict=True))
    return BlendFit(named, loss, len(queries), len(examples))


def _set_groups(blend, split, queries):
    """Thirds of the histories by length, and of the train interactions by the item's count."""
    layer = blend.blended
    lengths = np.minimum(queries.history.lengths, blend.schema.history_length)
    groups = layer.part_weights.shape[0]
    shares = np.arange(1, groups) / groups
    layer.length_edges.assign(np.quantile(lengths, shares).astype("float32"))
    counts = split.train.item_counts()
    edges = np.quantile(counts[split.train.item], shares)
    layer.item_groups.assign((counts[:, None] > edges).sum(axis=1).astype("int32"))


def _examples(blend, queries):
    """Yields the `PoolExamples` of some queries at a time."""
    catalog, num_items = blend.encode_catalog(), blend.schema.num_items
    k = min(POOL, num_items - FIRST)
    item_groups = np.zeros(num_items, "int32")
    if blend.gated:
        item_groups = ops.convert_to_numpy(blend.blended.item_groups)
    for start in range(0, len(queries), blend.queries_at_once):
        index = np.arange(start, min(start + blend.queries_at_once, len(queries)))
        seen = None
        if blend.repeats == "mask":
            seen = seen_rows(queries.history.take(index), num_items)
        allow = allowed_rows(queries, index, num_items)
        encoded = blend.encode_queries(query_inputs(blend, queries, index))
        scores = blend.part_scores(encoded, catalog)
        best = [TopK(k)(one, seen, allow)["rows"] for one in scores]
        rows = ops.convert_to_numpy(distinct(ops.concatenate(best, axis=1)))
        features = [
            np.take_along_axis(ops.convert_to_numpy(one), rows, axis=1)
            for one in blend.blended.features(scores)
        ]
        lengths = np.zeros(len(index), "int32")
        if blend.gated:
            found = blend.blended.length_groups(encoded[LENGTH])
            lengths = ops.convert_to_numpy(found)
        truths = queries.truth.take(index)
        yield PoolExamples.of(
            np.stack(features, axis=-1), rows != PADDING, _is_truth(rows, truths),
            lengths, item_groups[rows],
        )  # fmt: skip


def _is_truth(rows, truths):
    """Whether each row `(n, m)` is a truth of its query."""
    size = np.int64(max(int(rows.max(initial=0)), int(truths.items.max(initial=0))) + 1)
    owner = np.repeat(np.arange(len(truths.lengths)), truths.lengths)
    return np.isin(np.arange(len(rows))[:, None] * size + rows, owner * size + truths.items)
