"""NextItNet: dilated causal convolutions over the history."""

import keras

from kerasrec.layers import CausalConvUserEncoder
from kerasrec.models import SequenceItems, SequenceModel
from kerasrec.register import register


@register
class NextItNet(SequenceModel):
    """Predicts the next item by causal convolutions over the items before it.

        x_t      = v_st [+ B_bt] [+ G_gt]
        h        = blocks of dilated causal convolutions over x_1, ..., x_n
        score(i) = <h_n [+ P z_u], v_i>

    over the items s of the history. Vectors of the behavior (b) and of the time since the previous
    step (g) are added if the data has them, and of the features z of the user with `features`,
    see `SequenceModel`. History and candidates share one table of item vectors.
    Every position of a history is trained, all in parallel.

    Args:
        schema: `Schema` of the data.
        dim: Length of the item vectors and of the states.
        dilations: Dilations of the residual blocks, see `CausalConvUserEncoder`. The receptive
            field is 1 + 3 (kernel_size - 1) sum(dilations) items, 127 by default.
        kernel_size: Width of a convolution, in items.
        dropout: On the item vectors read and on the states.
        features: Read the features of items beside their ids, so that items without interactions
            are recommended too, and those of users, which answer somebody without a history.
        candidates: "all", "sampled", "sampled_by_popularity" or "in_batch".
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Apply the logQ correction to the sampled kinds; for the softmax loss only.

    Reference:
        Yuan et al., A simple convolutional generative network for next item recommendation, WSDM
        2019.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = NextItNet(train.schema(), dim=8)
    >>> model.adapt(train)
    >>> first = train.items.vocabulary.ids[0]
    >>> model.recommend(histories=[[first]], k=2)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=64,
        dilations=(1, 4, 16),
        kernel_size=3,
        dropout=0.2,
        features=False,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
    ):
        # === Layers ===
        items = SequenceItems(schema, dim, dropout, features)
        encoder = CausalConvUserEncoder(dilations, kernel_size, dropout, name="user_encoder")
        drop = keras.layers.Dropout(dropout, name="state_dropout")

        # === Wiring ===
        history = items.history()
        # Without context StepContext is not called, since building it draws a seed.
        steps = history.vectors if history.context else history.item_vectors
        query = drop(encoder(steps, history.mask))
        states = drop(encoder(steps, history.mask, all_steps=True))
        super().__init__(history, query, states, candidates, num_negatives, log_q, name, items)
