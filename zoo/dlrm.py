"""DLRM: dot products between the vectors of categories and one of all numbers."""

import keras
from keras import ops

from kerasrec.layers import DenseStack, DotInteractions
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.task_heads import task_heads
from kerasrec.register import register


@register
class DLRM(Ranker):
    """Compares the vectors of all fields by dot products: Facebook's recommendation model.

        z       = MLP_bottom(numbers)                              a vector as long as the others
        logit_k = b_k + <h_k, MLP_top([z; <v_f, v_g> for all pairs of z and the v])>

    v_f is the vector of the value of field f. Numbers and given vectors have none: together they
    make z. Data without them has no z. With several tasks k all but h_k is shared.

    Args:
        schema: `Schema` of impressions.
        dim: Length of the vectors.
        bottom: Widths of the layers of the bottom MLP, before the last one of width `dim`.
        top: Widths of the layers of the top MLP.
        dropout: Rate on the output of each layer of the top MLP.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.

    Reference:
        Naumov et al., Deep learning recommendation model for personalization and recommendation
        systems, arXiv:1906.00091, 2019.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = DLRM(train.schema(), dim=4, bottom=(8,), top=(8,))
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=16,
        bottom=(512, 256),
        top=(512, 256),
        dropout=0.0,
        position=False,
        blend=None,
        name=None,
    ):
        inputs = RankerInputs(schema, position=position)

        # === Layers ===
        flatten = keras.layers.Flatten(name="flatten")
        encoder = DenseStack((*bottom, dim), name="bottom")
        stack = DenseStack(top, dropout=dropout, name="top")

        # === Wiring ===
        numbers, vectors = inputs.numbers(), inputs.vectors(dim, numbers=False)
        together = [] if numbers is None else [encoder(numbers)[:, None]]
        together += [] if vectors is None else [vectors]
        together = ops.concatenate(together, axis=1) if len(together) > 1 else together[0]
        parts = [] if numbers is None else [flatten(together[:, :1])]
        if together.shape[1] > 1:
            parts.append(DotInteractions(name="pairs")(together))
        # One field and no number: there is no pair, so its vector is all that is left.
        parts = parts or [flatten(together)]
        x = ops.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
        logits = task_heads(schema, stack(x))
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)
