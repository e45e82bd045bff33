"""YouTubeRanking: an MLP over fields, the mean of the history, and powers of the numbers."""

import keras
from keras import ops

from kerasrec.layers import DenseStack
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.task_heads import task_heads
from kerasrec.register import register


@register
class YouTubeRanking(Ranker):
    """Reads all fields, the mean of the history and powers of the numbers by an MLP.

        logit_k = b_k + <g_k, MLP([v_1; ...; v_n; mean over steps of h_s; x; x^2; sqrt(x)])>

    v_f is the vector of the value of field f; h are the vectors of the items of the history with
    their features, from the same tables, with behavior and time added where the data has them. x
    are the numbers between 0 and 1. The paper takes quantiles; here a number, which is standardized
    already, is mapped by a logistic curve near the normal distribution. With several tasks k all
    but g_k is shared.

    The paper learns watch time: a task of kind "seconds" with `WatchTimeLoss`, whose prediction
    exp(logit) is the expected time.

    Args:
        schema: `Schema` of impressions with users and items.
        dim: Length of the vectors.
        mlp: Widths of the layers of the MLP.
        dropout: Rate on the output of each layer.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.

    Raises:
        InputError: for data without items.

    Reference:
        Covington, Adams and Sargin, Deep neural networks for YouTube recommendations, RecSys 2016.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = YouTubeRanking(train.schema(), dim=4, mlp=(8,))
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=32,
        mlp=(1024, 512, 256),
        dropout=0.0,
        position=False,
        blend=None,
        name=None,
    ):
        inputs = RankerInputs(schema, history=True, position=position)

        # === Layers ===
        flatten = keras.layers.Flatten(name="flatten")
        stack = DenseStack(mlp, dropout=dropout, name="mlp")

        # === Wiring ===
        steps, mask = inputs.steps(dim)
        real = ops.cast(mask, steps.dtype)[..., None]
        # Not Keras's pooling, which divides by 0 without a real step.
        mean = ops.sum(real * steps, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)
        parts = [flatten(inputs.vectors(dim)), mean]
        numbers = inputs.numbers()
        if numbers is not None:
            # 1.702: where the logistic curve is nearest to the normal distribution.
            share = ops.sigmoid(1.702 * numbers)
            parts += [share, ops.square(share), ops.sqrt(share)]
        logits = task_heads(schema, stack(ops.concatenate(parts, axis=1)))
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)
