"""SharedBottom: one network for all tasks, and a small one for each."""

import keras

from kerasrec.layers import DenseStack
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.task_heads import task_heads
from kerasrec.register import register


@register
class SharedBottom(Ranker):
    """Shares all but the last layers between the tasks: the baseline of multi-task models.

        x       = MLP([v_1; ...; v_n])
        logit_k = b_k + <h_k, MLP_k(x)>                                    for each task k

    v_f is the vector of the value of field f. With one task it is a plain MLP.

    Args:
        schema: `Schema` of impressions.
        dim: Length of the vectors.
        bottom: Widths of the shared layers.
        tower: Widths of the layers of each task.
        dropout: Rate on the output of each layer.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.
        uncertainty: Learn the weights of the losses, see `UncertaintyWeights`.

    Reference:
        Caruana, Multitask learning, Machine Learning 28, 1997.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = SharedBottom(train.schema(), dim=4, bottom=(8,), tower=(4,))
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=16,
        bottom=(256, 128),
        tower=(64,),
        dropout=0.0,
        position=False,
        blend=None,
        uncertainty=False,
        name=None,
    ):
        inputs = RankerInputs(schema, position=position)

        # === Layers ===
        flatten = keras.layers.Flatten(name="flatten")
        shared = DenseStack(bottom, dropout=dropout, name="bottom")
        towers = [
            DenseStack(tower, dropout=dropout, name=f"{task.name}_tower") for task in schema.tasks
        ]

        # === Wiring ===
        x = shared(flatten(inputs.vectors(dim)))
        logits = task_heads(schema, [one(x) for one in towers])
        super().__init__(
            schema=schema,
            inputs=inputs,
            logits=logits,
            blend=blend,
            uncertainty=uncertainty,
            name=name,
        )
