"""Beam search: decodes the most likely sequence of items."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register
from kerasrec.tables.largest import largest

MINUS_INFINITY = float("-inf")


@register
class BeamSearch(keras.layers.Layer):
    """Decodes items one by one and keeps the `beams` most likely sequences at every step.

        log q(i_1, ..., i_j) = sum over l <= j of log p(i_l | i_1, ..., i_(l-1), i_l allowed)

    An item is allowed unless it is excluded at the first step or already in the sequence. Sequences
    are ranked by q, whose probabilities are renormalized over the allowed items. Ranking by p would
    prefer unlikely items merely because the allowed items are likely after them. The scores
    returned are log p. One beam is greedy search. For two steps, as many beams as rows find the
    best sequence. The steps are unrolled in the graph.

    Args:
        beams: Sequences kept at every step; at most the number of rows is used.
        steps: Items to decode.

    Call arguments:
        scores: `(batch, rows)` float log p of the first item; -inf excludes a row from all steps.
        state: `(batch, ...)` decoder state after the first scores.
        step: Function from `rows` `(batch, beams)` int32, the items decoded last, and `state`
            `(batch, beams, ...)` to log p `(batch, beams, rows)` of the next item and the next
            state.

    Output:
        A dict of `rows` `(batch, steps)` int32, the best sequence, and `scores` `(batch, steps)`
        float32, log p of the sequence up to each item, which never rises. When no item is left, the
        row is 0 and the score -inf.

    Raises:
        InputError: for `beams` or `steps` below 1.

    Example:

    Item 0 is the most likely first item, but the best pair starts with item 1: .5 x .4 < .4 x .8.

    >>> import numpy as np
    >>> from kerasrec.layers.beam_search import BeamSearch
    >>> after = np.log([[0.2, 0.4, 0.4], [0.1, 0.1, 0.8], [0.5, 0.4, 0.1]])
    >>> first, nothing = np.log([[0.5, 0.4, 0.1]]), np.zeros((1, 1))
    >>> step = lambda rows, state: (np.take(after, rows, axis=0), state)
    >>> [BeamSearch(n, 2)(first, nothing, step=step)["rows"].numpy().tolist() for n in (1, 2)]
    [[[0, 1]], [[1, 2]]]

    Reference:
        Sutskever, Vinyals, Le, Sequence to sequence learning with neural networks, NeurIPS 2014.
    """

    def __init__(self, beams, steps, **kwargs):
        # Sums of log probabilities overflow float16.
        super().__init__(autocast=False, **kwargs)
        for name, value in (("beams", beams), ("steps", steps)):
            if value < 1:
                raise InputError(f"{name}: expected at least 1, received {value}")
        self.beams = beams
        self.steps = steps

    def call(self, scores, state, step):
        scores = ops.cast(scores, "float32")
        num_rows = scores.shape[-1]
        beams = min(self.beams, num_rows)
        excluded = ops.equal(scores, MINUS_INFINITY)[:, None]
        total, rows = _top_k(_renormalized(scores), beams)
        state = ops.repeat(ops.expand_dims(state, 1), beams, axis=1)
        decoded, log_p = rows[..., None], ops.take_along_axis(scores, rows, axis=1)[..., None]
        for _ in range(self.steps - 1):
            next_scores, state = step(rows, state)
            next_scores = ops.where(excluded, MINUS_INFINITY, ops.cast(next_scores, "float32"))
            for j in range(decoded.shape[-1]):
                repeated = ops.equal(ops.arange(num_rows, dtype="int32"), decoded[..., j : j + 1])
                next_scores = ops.where(repeated, MINUS_INFINITY, next_scores)
            # The beams of a query in one axis, so that one top_k ranks all of them.
            totals = _flatten_beams(total[..., None] + _renormalized(next_scores))
            total, best = _top_k(totals, beams)
            parent, rows = best // num_rows, best % num_rows
            state, decoded, log_p = (_gather_beams(x, parent) for x in (state, decoded, log_p))
            last = ops.take_along_axis(_flatten_beams(next_scores), best, axis=1)
            decoded = ops.concatenate([decoded, rows[..., None]], axis=-1)
            log_p = ops.concatenate([log_p, log_p[..., -1:] + last[..., None]], axis=-1)
        decoded, log_p = decoded[:, 0], log_p[:, 0]
        return {"rows": ops.where(ops.equal(log_p, MINUS_INFINITY), 0, decoded), "scores": log_p}

    def compute_output_spec(self, scores, state, step):
        shape = (scores.shape[0], self.steps)
        return {
            "rows": keras.KerasTensor(shape, "int32"),
            "scores": keras.KerasTensor(shape, "float32"),
        }


def _top_k(scores, count):
    values, places = largest(scores, count)
    return values, ops.cast(places, "int32")


def _renormalized(scores):
    """log p of each row given that the row is allowed; -inf stays -inf."""
    total = ops.logsumexp(scores, axis=-1, keepdims=True)
    return scores - ops.where(ops.equal(total, MINUS_INFINITY), 0.0, total)


def _flatten_beams(scores):
    return ops.reshape(scores, (-1, scores.shape[1] * scores.shape[2]))


def _gather_beams(values, parent):
    """Gathers from `values` `(batch, beams, ...)` the beams `parent` `(batch, beams)`."""
    index = ops.reshape(parent, (*ops.shape(parent), *[1] * (len(values.shape) - 2)))
    return ops.take_along_axis(values, index, axis=1)
