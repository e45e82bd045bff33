"""AttentionRecommender: an LSTM whose last state attends to its earlier states."""

import keras
import pandas as pd

from kerasrec.layers import LSTMUserEncoder, StateAttention, last_real_step
from kerasrec.models import SequenceItems, SequenceModel
from kerasrec.models.predict import predict
from kerasrec.models.requests.request import Request
from kerasrec.register import register


@register
class AttentionRecommender(SequenceModel):
    """Predicts the next item from the state of an LSTM and attention over its earlier states.

        h_t           = LN(LSTM(x_1, ..., x_t) + x_t),   x_t = v_t [+ B_bt] [+ G_gt]
        a_ts          = softmax over s <= t of e(h_s, h_t),   c_t = sum_s a_ts h_s
        score_t(i)    = <h_t + W c_t [+ P z_u], v_i>

    Vectors of the behavior (b) and of the time since the previous step (g) are added if the data
    has them, and of the features z of the user with `features`, see `SequenceModel`.

    e is "dot" <h_s, h_t>, "general" h_s^T M h_t, or "additive" v^T tanh(W_1 h_s + W_2 h_t). W
    starts at 0, so the model starts as the LSTM alone. History and candidates share one table of
    item vectors. Every position of a history is trained; "additive" then takes batch x length^2 x
    `attention_dim` numbers, see `StateAttention`.

    Args:
        schema: `Schema` of the data.
        dim: Length of the item vectors and of the states.
        cell: "lstm", "gru" or "rnn".
        attention: "general", "dot" or "additive".
        attention_dim: Length of v, for "additive".
        dropout: On the item vectors read, the states of the LSTM and the attended vectors.
        features: Read the features of items beside their ids, so that items without interactions
            are recommended too, and those of users, which answer somebody without a history.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Apply the logQ correction to the sampled kinds; for the softmax loss only.

    Reference:
        Luong, Pham, Manning, Effective approaches to attention-based neural machine translation,
        EMNLP 2015; for sessions Li et al., Neural attentive session-based recommendation, CIKM
        2017.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = AttentionRecommender(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> past = list(train.items.vocabulary.ids[:3])
    >>> model.recommend(histories=[past], k=2)["rank"].tolist()
    [1, 2]
    >>> float(model.attention_weights([past])["weight"].sum().round(5))
    1.0
    """

    def __init__(
        self,
        schema,
        dim=64,
        cell="lstm",
        attention="general",
        attention_dim=32,
        dropout=0.2,
        features=False,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        # === Layers ===
        items = SequenceItems(schema, dim, dropout, features)
        attend = StateAttention(attention, attention_dim, name="attention")
        mix = keras.layers.Dense(dim, use_bias=False, kernel_initializer="zeros", name="mix")
        drop = keras.layers.Dropout(dropout, name="context_dropout")
        history = items.history()
        encoder = LSTMUserEncoder(dim, cell, dropout=dropout, residual=True, name="user_encoder")

        # === Wiring ===
        states = encoder(history.vectors, history.mask, all_steps=True)
        attended, _ = attend(states, states, history.mask, causal=True)
        last = last_real_step(states, history.mask)
        last_attended, weights = attend(last[:, None], states, history.mask)
        query = last + mix(last_attended)[:, 0]
        states = states + drop(mix(attended))
        super().__init__(history, query, states, candidates, num_negatives, log_q, name, items)
        self.weight_model = keras.Model(history.inputs, weights[:, 0], name="weight_model")

    def attend(self, inputs):
        """The attention weights `(n, length)` of n queries, shown by `recommend(explain=True)`."""
        return predict(self.weight_model, {name: inputs[name] for name in self.query_inputs})

    def attention_weights(self, histories, behaviors=None, timestamps=None):
        """The attention weights a_ns of the last state of each history.

        Args:
            histories: Lists of external item ids in time order; unknown ones are skipped.
            behaviors, timestamps: As for `recommend`.

        Returns:
            A DataFrame with a row for each item read, in time order: `history` (its number),
            `item`, `title` and `weight`. The weights of a history sum to 1.
        """
        self.check_adapted("attention_weights")
        self.check_finite("attention_weights")
        request = Request(self, None, histories, behaviors, timestamps)
        inputs = request.inputs(slice(None))
        numbers, positions = (inputs["history"] > 0).nonzero()
        weights = self.attend(inputs)
        rows = inputs["history"][numbers, positions]
        return pd.DataFrame(
            {
                "history": numbers,
                "item": self.items.vocabulary.lookup(rows),
                "title": self.items.title_of(rows),
                "weight": weights[numbers, positions],
            }
        )
