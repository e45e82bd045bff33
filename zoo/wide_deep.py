"""WideDeep: a linear model and an MLP over the field vectors, trained together."""

import keras

from kerasrec.layers import DenseStack
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.task_heads import task_heads
from kerasrec.register import register


@register
class WideDeep(Ranker):
    """Adds a linear model, which learns by heart, and an MLP over vectors, which generalizes.

        logit_k = b_k + sum_f w_kf[x_f] + <h_k, MLP([v_1; ...; v_n])>

    v_f is the vector of the value of field f. Crosses of the data are fields of both parts: they
    are what the wide part is for. With several tasks k the vectors and the MLP are shared.

    Args:
        schema: `Schema` of impressions.
        dim: Length of the vectors.
        mlp: Widths of the layers of the MLP.
        dropout: Rate on the output of each layer.
        batch_norm: Normalize each layer before its activation.
        l2: Regularization of the vectors, see `FieldVectors`.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.

    Reference:
        Cheng et al., Wide & deep learning for recommender systems, DLRS 2016.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = WideDeep(train.schema(), dim=4, mlp=(8,))
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=16,
        mlp=(1024, 512, 256),
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
        stack = DenseStack(mlp, dropout=dropout, batch_norm=batch_norm, name="mlp")

        # === Wiring ===
        deep = task_heads(schema, stack(flatten(inputs.vectors(dim))))
        logits = {task: inputs.linear(f"{task}_linear") + one for task, one in deep.items()}
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)
