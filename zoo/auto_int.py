"""AutoInt: self-attention between the fields."""

import keras
from keras import ops

from kerasrec.layers import DenseStack, FieldAttention
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.task_heads import task_heads
from kerasrec.register import register


@register
class AutoInt(Ranker):
    """Lets the fields attend to each other, layer after layer.

        V_0     = [v_1, ..., v_n],   V_(l+1) = FieldAttention(V_l)
        logit_k = b_k + <h_k, flat(V_L)> [+ <g_k, MLP(flat(V_0))>]

    v_f is the vector of the value of field f. The part in brackets, AutoInt+ in the paper, is there
    with `mlp`. With several tasks k all but h_k and g_k is shared.

    Args:
        schema: `Schema` of impressions.
        dim: Length of the vectors.
        num_layers: Layers of attention.
        num_heads: Heads of each.
        attention_dim: Length of the queries, keys and values of a head.
        mlp: Widths of the layers of the MLP; empty for none.
        dropout: Rate on the output of each layer of the MLP.
        batch_norm: Normalize each layer before its activation.
        l2: Regularization of the vectors, see `FieldVectors`.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.

    Reference:
        Song et al., AutoInt: automatic feature interaction learning via self-attentive neural
        networks, CIKM 2019.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = AutoInt(train.schema(), dim=4, attention_dim=4)
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
        num_heads=2,
        attention_dim=32,
        mlp=(),
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
        layers = [
            FieldAttention(num_heads, attention_dim, name=f"attention_{n}")
            for n in range(num_layers)
        ]

        # === Wiring ===
        first = vectors = inputs.vectors(dim)
        for layer in layers:
            vectors = layer(vectors)
        x = flatten(vectors)
        if len(mlp):
            deep = DenseStack(mlp, dropout=dropout, batch_norm=batch_norm, name="mlp")(
                flatten(first)
            )
            x = ops.concatenate([x, deep], axis=1)
        logits = task_heads(schema, x)
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)
