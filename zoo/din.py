"""DIN: the history is pooled by its relevance to the item."""

import keras
from keras import ops

from kerasrec.data.query_spec import ITEM
from kerasrec.layers import DenseStack, TargetAttention
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.predict import predict
from kerasrec.models.task_heads import task_heads
from kerasrec.register import register


@register
class DIN(Ranker):
    """Pools the history by its relevance to the item that is scored: deep interest network.

        p       = sum over steps s of a(h_s, t) h_s
        logit_k = b_k + <g_k, MLP([v_1; ...; v_n; p])>

    v_f is the vector of the value of field f, t is the vector of the item with its features, and h
    are those of the history, from the same tables; behavior and time of a step are added where the
    data has them. The weights a are not normalized, see `TargetAttention`. MLP and attention have
    the activation Dice. With several tasks k all but g_k is shared.

    Args:
        schema: `Schema` of impressions with users and items.
        dim: Length of the vectors.
        attention: Widths of the hidden layers of the attention.
        mlp: Widths of the layers of the MLP.
        activation: Of both, a name of Keras or "dice".
        softmax: Normalize the weights of a history to a sum of 1.
        dropout: Rate on the output of each layer of the MLP.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.

    Raises:
        InputError: for data without items.

    Reference:
        Zhou et al., Deep interest network for click-through rate prediction, KDD 2018.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = DIN(train.schema(), dim=4, attention=(8,), mlp=(8,))
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=16,
        attention=(36,),
        mlp=(200, 80),
        activation="dice",
        softmax=False,
        dropout=0.0,
        position=False,
        blend=None,
        name=None,
    ):
        inputs = RankerInputs(schema, history=True, position=position)

        # === Layers ===
        flatten = keras.layers.Flatten(name="flatten")
        pool = TargetAttention(attention, activation, softmax, name="attention")
        stack = DenseStack(mlp, activation, dropout, name="mlp")

        # === Wiring ===
        fields, target = flatten(inputs.vectors(dim)), inputs.target(dim)
        steps, mask = inputs.steps(dim)
        pooled = pool(steps, target, mask)
        logits = task_heads(schema, stack(ops.concatenate([fields, pooled], axis=1)))
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)
        weights = pool.weights_of(steps, target, mask)
        self.weight_model = inputs.model(weights, name="weight_model")

    def attend(self, inputs):
        """The weights a of the steps `(n, length)` of n queries, each for its row of `item`.

        None without `item`: the weights depend on what is scored.
        """
        if ITEM not in inputs:
            return None
        names = (*self.query_inputs, ITEM)
        return predict(self.weight_model, {name: inputs[name] for name in names})
