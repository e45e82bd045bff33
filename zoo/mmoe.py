"""MMoE: shared experts, mixed by a gate of each task."""

import keras
import numpy as np

from kerasrec.data.query_spec import ITEM
from kerasrec.layers import DenseStack, ExpertMixture
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.predict import predict
from kerasrec.models.task_heads import task_heads
from kerasrec.register import register


@register
class MMoE(Ranker):
    """Shares experts between the tasks, each of which mixes them by a gate of its own.

        x       = [v_1; ...; v_n]
        y_k     = sum over experts e of g_ke MLP_e(x),   g_k = softmax(W_k x)
        logit_k = b_k + <h_k, MLP_k(y_k)>                                  for each task k

    v_f is the vector of the value of field f. Multi-gate mixture of experts; with one task it is a
    mixture of experts. `gates` returns g.

    Args:
        schema: `Schema` of impressions.
        dim: Length of the vectors.
        num_experts: Number of experts.
        expert: Widths of the layers of each expert.
        tower: Widths of the layers of each task.
        dropout: Rate on the output of each layer.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.
        uncertainty: Learn the weights of the losses, see `UncertaintyWeights`.

    Reference:
        Ma et al., Modeling task relationships in multi-task learning with multi-gate
        mixture-of-experts, KDD 2018.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = MMoE(train.schema(), dim=4, num_experts=2, expert=(8,), tower=(4,))
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=16,
        num_experts=8,
        expert=(128,),
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
        mixture = ExpertMixture(
            num_experts, expert, len(schema.tasks), dropout=dropout, name="experts"
        )
        towers = [
            DenseStack(tower, dropout=dropout, name=f"{task.name}_tower") for task in schema.tasks
        ]

        # === Wiring ===
        x = flatten(inputs.vectors(dim))
        logits = task_heads(schema, [one(y) for one, y in zip(towers, mixture(x), strict=True)])
        super().__init__(
            schema=schema,
            inputs=inputs,
            logits=logits,
            blend=blend,
            uncertainty=uncertainty,
            name=name,
        )
        self.gate_model = inputs.model(mixture.gates(x), name="gate_model")

    def gates(self, inputs, items):
        """The weights of the experts `(n, tasks, experts)` of n queries with one item row each.

        Those of a task sum to 1.
        """
        inputs = {**self.encode_queries(inputs), ITEM: np.asarray(items, "int32")}
        return predict(self.gate_model, inputs)
