"""DCN: cross layers beside an MLP."""

import keras
from keras import ops

from kerasrec.layers import CrossNetwork, DenseStack
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.task_heads import task_heads
from kerasrec.register import register


@register
class DCN(Ranker):
    """Multiplies the field vectors by cross layers, beside an MLP that reads them: version 2.

        x_0     = [v_1; ...; v_n],   x_(l+1) = x_0 * (W_l x_l + b_l) + x_l
        logit_k = b_k + <h_k, [x_L; MLP(x_0)]>

    v_f is the vector of the value of field f. With `rank` W is U V^T, with `num_experts` a mixture
    of such maps, see `CrossNetwork`. With several tasks k all but h_k is shared.

    Args:
        schema: `Schema` of impressions.
        dim: Length of the vectors.
        num_layers: Cross layers.
        mlp: Widths of the layers of the MLP.
        rank: Columns of U and V; None for a full matrix.
        num_experts: Low-rank maps of each layer; more than 1 needs `rank`.
        dropout: Rate on the output of each layer of the MLP.
        batch_norm: Normalize each layer before its activation.
        l2: Regularization of the vectors, see `FieldVectors`.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.

    Raises:
        InputError: for experts without `rank`.

    Reference:
        Wang et al., DCN V2: improved deep and cross network and practical lessons for web-scale
        learning to rank systems, WWW 2021.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = DCN(train.schema(), dim=4, mlp=(8,))
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=16,
        num_layers=3,
        mlp=(512, 256),
        rank=None,
        num_experts=1,
        dropout=0.0,
        batch_norm=False,
        l2=0.0,
        position=False,
        blend=None,
        name=None,
    ):
        inputs = RankerInputs(schema, position=position, l2=l2)

        # === Layers ===
        flatten = keras.layers.Flatten(name="flatten")
        cross = CrossNetwork(num_layers, rank, num_experts, name="cross")
        stack = DenseStack(mlp, dropout=dropout, batch_norm=batch_norm, name="mlp")

        # === Wiring ===
        first = flatten(inputs.vectors(dim))
        x = ops.concatenate([cross(first), stack(first)], axis=1)
        logits = task_heads(schema, x)
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)
