"""BST: a transformer over the history and the item."""

import keras
from keras import ops

from kerasrec.layers import DenseStack, TargetTransformer
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.task_heads import task_heads
from kerasrec.register import register


@register
class BST(Ranker):
    """Reads the history and the item by a transformer: behavior sequence transformer.

        s       = TargetTransformer([h_1, ..., h_m], t)
        logit_k = b_k + <g_k, MLP([v_1; ...; v_n; s])>

    v_f is the vector of the value of field f, t is the vector of the item with its features, and h
    are those of the history, from the same tables; behavior and time of a step are added where the
    data has them. s is the state at the item. The paper passes the states of all steps to the MLP;
    see `TargetTransformer` for why this model does not. With several tasks k all but g_k is shared.

    Args:
        schema: `Schema` of impressions with users and items.
        dim: Length of the vectors.
        num_blocks: Blocks of the transformer.
        num_heads: Heads of the attention, a divisor of `dim` times the number of item fields.
        mlp: Widths of the layers of the MLP, with leaky ReLU.
        dropout: Rate in the transformer and on the output of each layer of the MLP.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.

    Raises:
        InputError: for data without items, or `num_heads` that is no divisor.

    Reference:
        Chen et al., Behavior sequence transformer for e-commerce recommendation in Alibaba,
        DLP-KDD 2019.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = BST(train.schema(), dim=4, num_heads=2, mlp=(8,))
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=16,
        num_blocks=1,
        num_heads=8,
        mlp=(1024, 512, 256),
        dropout=0.0,
        position=False,
        blend=None,
        name=None,
    ):
        inputs = RankerInputs(schema, history=True, position=position)

        # === Layers ===
        flatten = keras.layers.Flatten(name="flatten")
        encoder = TargetTransformer(
            num_blocks,
            num_heads,
            dropout=dropout,
            max_length=schema.history_length,
            name="transformer",
        )
        stack = DenseStack(mlp, "leaky_relu", dropout, name="mlp")

        # === Wiring ===
        steps, mask = inputs.steps(dim)
        state = encoder(steps, inputs.target(dim), mask)
        x = ops.concatenate([flatten(inputs.vectors(dim)), state], axis=1)
        logits = task_heads(schema, stack(x))
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)
