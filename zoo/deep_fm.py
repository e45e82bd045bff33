"""DeepFM: a factorization machine and an MLP over the same vectors."""

import keras

from kerasrec.layers import DenseStack, PairwiseProducts
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.task_heads import task_heads
from kerasrec.register import register


@register
class DeepFM(Ranker):
    """Adds a factorization machine and an MLP that read the same vectors.

        logit_k = b_k + sum_f w_kf[x_f] + a_k sum over f < g of <v_f, v_g>
                  + <h_k, MLP([v_1; ...; v_n])>

    v_f is the vector of the value of field f. With one task a is 1, as published. With several
    tasks k the vectors and the MLP are shared, and the weights a_k, w_k and h_k are trained for
    each.

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
        Guo et al., DeepFM: a factorization-machine based neural network for CTR prediction,
        IJCAI 2017.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = DeepFM(train.schema(), dim=4, mlp=(8,))
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=10,
        mlp=(400, 400, 400),
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
        vectors = inputs.vectors(dim)
        pairs = PairwiseProducts(name="pairs")(vectors)
        logits = task_heads(schema, stack(flatten(vectors)))
        for task in logits:
            own = pairs
            if len(logits) > 1:
                scale = keras.layers.Dense(
                    1, use_bias=False, kernel_initializer="ones", name=f"{task}_pairs"
                )
                own = scale(pairs[:, None])[:, 0]
            logits[task] = inputs.linear(f"{task}_linear") + own + logits[task]
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)
