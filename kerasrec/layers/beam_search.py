"""Sequences of items, the likeliest ones of all that a few beams have met."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register
from kerasrec.tables.largest import largest

NEVER = float("-inf")


@register
class BeamSearch(keras.layers.Layer):
    """Writes items one by one and keeps the `beams` likeliest sequences at every step.

        log q(i_1, ..., i_j) = sum over l <= j of log p(i_l | i_1, ..., i_(l-1), i_l may come)

    An item may come unless it is barred at the first step, and once only. Sequences are compared
    by q, what is likely of that which may come: by p alone, few allowed items would best be met by
    a strange sequence, after which strange items are likely. The scores returned are log p. One
    beam is greedy, always the likeliest next item; for two steps as many beams as there are items
    find the best sequence. The steps are unrolled in the graph.

    Args:
        beams: Sequences kept at every step, at most the number of rows.
        steps: Items to write.

    Call arguments:
        scores: `(batch, rows)` float log p of the first item; -inf bars a row from all steps.
        state: `(batch, ...)`, what `step` knows once the first scores were made.
        step: From `rows` `(batch, beams)` int32 written last and the `state` `(batch, beams, ...)`
            of before to log p `(batch, beams, rows)` of the next item and the next state.

    Output:
        A dict of `rows` `(batch, steps)` int32, the best sequence, and `scores` `(batch, steps)`
        float32, log p of the sequence up to there, which never rises. Row 0 and -inf stand where
        all items are used up.

    Example:

    Item 0 is likeliest now, yet leads nowhere: .5 x .4 is less than .4 x .8.

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
        size = scores.shape[-1]
        beams = min(self.beams, size)
        barred = ops.equal(scores, NEVER)[:, None]
        total, rows = _best(_among_themselves(scores), beams)
        state = ops.repeat(ops.expand_dims(state, 1), beams, axis=1)
        written, log_p = rows[..., None], ops.take_along_axis(scores, rows, axis=1)[..., None]
        for _ in range(self.steps - 1):
            following, state = step(rows, state)
            following = ops.where(barred, NEVER, ops.cast(following, "float32"))
            for j in range(written.shape[-1]):
                own = ops.equal(ops.arange(size, dtype="int32"), written[..., j : j + 1])
                following = ops.where(own, NEVER, following)
            # The beams of a row side by side, so that one look finds the best of all.
            reached = _side_by_side(total[..., None] + _among_themselves(following))
            total, place = _best(reached, beams)
            parent, rows = place // size, place % size
            state, written, log_p = (_of_parents(x, parent) for x in (state, written, log_p))
            last = ops.take_along_axis(_side_by_side(following), place, axis=1)
            written = ops.concatenate([written, rows[..., None]], axis=-1)
            log_p = ops.concatenate([log_p, log_p[..., -1:] + last[..., None]], axis=-1)
        written, log_p = written[:, 0], log_p[:, 0]
        return {"rows": ops.where(ops.equal(log_p, NEVER), 0, written), "scores": log_p}

    def compute_output_spec(self, scores, state, step):
        shape = (scores.shape[0], self.steps)
        return {
            "rows": keras.KerasTensor(shape, "int32"),
            "scores": keras.KerasTensor(shape, "float32"),
        }


def _best(scores, count):
    values, places = largest(scores, count)
    return values, ops.cast(places, "int32")


def _among_themselves(scores):
    """log p of what may come, given that it is one of these; -inf stays -inf."""
    total = ops.logsumexp(scores, axis=-1, keepdims=True)
    return scores - ops.where(ops.equal(total, NEVER), 0.0, total)


def _side_by_side(scores):
    return ops.reshape(scores, (-1, scores.shape[1] * scores.shape[2]))


def _of_parents(values, parent):
    """`values` `(batch, beams, ...)` of the beams `parent` `(batch, beams)`."""
    index = ops.reshape(parent, (*ops.shape(parent), *[1] * (len(values.shape) - 2)))
    return ops.take_along_axis(values, index, axis=1)
