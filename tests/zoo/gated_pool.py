"""A model as CONTRIBUTING.md asks for it, read by tests: what a stranger writes in an evening."""

import keras
from keras import ops

from kerasrec.layers import EmbeddingTower, last_real_step
from kerasrec.models import HistoryInputs, SequenceModel, item_table
from kerasrec.register import register


@register
class GatedPool(SequenceModel):
    """The next item from a gated sum of the last items.

    h_t      = sum over s = t - window + 1 .. t of sigmoid(W x_s + b) x_s
    score(i) = <h_n, v_i>
    """

    def __init__(self, schema, dim=64, window=5, dropout=0.2, candidates="all", name=None):
        # === Layers ===
        items = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_ids")
        gate = keras.layers.Dense(dim, "sigmoid", name="gate")
        drop = keras.layers.Dropout(dropout, name="state_dropout")

        # === Wiring ===
        history = HistoryInputs(schema, items, item_table(schema), dropout)
        gated = gate(history.vectors) * history.vectors
        total = ops.cumsum(ops.where(history.mask[..., None], gated, 0.0), axis=1)
        before = ops.pad(total, [[0, 0], [window, 0], [0, 0]])[:, :-window]
        states = drop(total - before)
        query = last_real_step(states, history.mask)
        super().__init__(history, query, states, candidates, name=name)
