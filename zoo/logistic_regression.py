"""LogisticRegression: a weight for each value of each field."""

from kerasrec.models import Ranker, RankerInputs
from kerasrec.register import register


@register
class LogisticRegression(Ranker):
    """Sums a weight for each value of each field: the baseline of click-through models.

        logit = b + sum over fields f of w_f[x_f]

    A number is multiplied with its weight; of a list the weights are averaged. Crosses of the data
    are fields as well, and the only way in which two fields act together. Each task has its own
    weights.

    Args:
        schema: `Schema` of impressions.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.

    Reference:
        McMahan et al., Ad click prediction: a view from the trenches, KDD 2013.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = LogisticRegression(train.schema())
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(self, schema, position=False, blend=None, name=None):
        inputs = RankerInputs(schema, position=position)
        logits = {task.name: inputs.linear(f"{task.name}_linear") for task in schema.tasks}
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)
