"""FactorizationMachine: a weight for each value and a dot product for each pair of fields."""

from kerasrec.layers import PairwiseProducts
from kerasrec.models import Ranker, RankerInputs
from kerasrec.register import register


@register
class FactorizationMachine(Ranker):
    """Adds to the linear model the dot products of all pairs of fields.

        logit = b + sum_f w_f[x_f] + sum over f < g of <v_f, v_g>

    v_f is the vector of the value of field f, see `FieldVectors`. So two values act together that
    have never been seen together. Each task has weights and vectors of its own: it is a machine of
    its own.

    Args:
        schema: `Schema` of impressions.
        dim: Length of the vectors.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.

    Reference:
        Rendle, Factorization machines, ICDM 2010.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = FactorizationMachine(train.schema(), dim=4)
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(self, schema, dim=16, position=False, blend=None, name=None):
        inputs = RankerInputs(schema, position=position)
        logits = {}
        for task in schema.tasks:
            pairs = PairwiseProducts(name=f"{task.name}_pairs")
            vectors = inputs.vectors(dim, f"{task.name}_vectors")
            logits[task.name] = inputs.linear(f"{task.name}_linear") + pairs(vectors)
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)
