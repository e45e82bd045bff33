"""PLE: experts of each task beside shared ones, level by level."""

import keras
import numpy as np

from kerasrec.data.query_spec import ITEM
from kerasrec.layers import DenseStack, ProgressiveExperts
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.predict import predict
from kerasrec.models.task_heads import task_heads
from kerasrec.register import register


@register
class PLE(Ranker):
    """Gives each task experts of its own beside shared ones: progressive layered extraction.

        y_1, ..., y_K = ProgressiveExperts([v_1; ...; v_n])
        logit_k       = b_k + <h_k, MLP_k(y_k)>                            for each task k

    v_f is the vector of the value of field f. Tasks that disagree disturb each other less than in
    `MMoE`. With one task it is a mixture of experts. `gates` returns the weights of the last level.

    Args:
        schema: `Schema` of impressions.
        dim: Length of the vectors.
        num_shared_experts: Shared experts of each level.
        num_task_experts: Experts of each task and level.
        num_levels: Number of levels.
        expert: Widths of the layers of each expert.
        tower: Widths of the layers of each task.
        dropout: Rate on the output of each layer.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.
        uncertainty: Learn the weights of the losses, see `UncertaintyWeights`.

    Reference:
        Tang et al., Progressive layered extraction (PLE): a novel multi-task learning model for
        personalized recommendations, RecSys 2020.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = PLE(train.schema(), dim=4, expert=(8,), tower=(4,))
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=16,
        num_shared_experts=2,
        num_task_experts=2,
        num_levels=2,
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
        experts = ProgressiveExperts(
            num_shared_experts,
            num_task_experts,
            expert,
            len(schema.tasks),
            num_levels,
            dropout=dropout,
            name="experts",
        )
        towers = [
            DenseStack(tower, dropout=dropout, name=f"{task.name}_tower") for task in schema.tasks
        ]

        # === Wiring ===
        x = flatten(inputs.vectors(dim))
        logits = task_heads(schema, [one(y) for one, y in zip(towers, experts(x), strict=True)])
        super().__init__(
            schema=schema,
            inputs=inputs,
            logits=logits,
            blend=blend,
            uncertainty=uncertainty,
            name=name,
        )
        self.gate_model = inputs.model(experts.gates(x), name="gate_model")

    def gates(self, inputs, items):
        """The weights of the experts `(n, tasks, experts)` of n queries with one item row each.

        At the last level: for each task those of its own experts, then those of the shared ones;
        together they sum to 1.
        """
        inputs = {**self.encode_queries(inputs), ITEM: np.asarray(items, "int32")}
        return predict(self.gate_model, inputs)
