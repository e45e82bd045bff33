"""NewModel: TODO what it is, in one line."""

import keras
from keras import ops

from kerasrec.layers import EmbeddingTower, last_real_step
from kerasrec.models import HistoryInputs, SequenceModel, item_table
from kerasrec.register import register


@register
class NewModel(SequenceModel):
    """TODO what it does, in one sentence. As written it is a sum over the history.

        h_t      = W (x_1 + ... + x_t)
        score(i) = <h_n, v_i>

    TODO replace the formula, here and in the wiring. x_t is the vector of the item at step t, with
    what was done and the time since the step before where the data says it.

    Args:
        schema: `Schema` of the data.
        dim: Length of the item vectors and of the states.
        dropout: On the states, in training.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Correct the sampled kinds for how often an item is drawn.

    Reference:
        TODO

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = NewModel(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> first = train.items.vocabulary.ids[0]
    >>> model.recommend(histories=[[first]], k=2)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=64,
        dropout=0.2,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        # === Layers ===
        items = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_ids")
        mix = keras.layers.Dense(dim, use_bias=False, name="mix")
        drop = keras.layers.Dropout(dropout, name="state_dropout")

        # === Wiring ===
        history = HistoryInputs(schema, items, item_table(schema), dropout)
        steps = ops.where(history.mask[..., None], history.vectors, 0.0)
        # (batch, length, dim): the state after every step, from that step and those before it.
        states = drop(mix(ops.cumsum(steps, axis=1)))
        query = last_real_step(states, history.mask)
        super().__init__(history, query, states, candidates, num_negatives, log_q, name)
