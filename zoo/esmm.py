"""ESMM: a purchase is a click times a purchase after it."""

import keras
import numpy as np

from kerasrec.errors import InputError
from kerasrec.layers import DenseStack
from kerasrec.models import Ranker, RankerInputs
from kerasrec.models.task_heads import task_heads
from kerasrec.register import register


@register
class ESMM(Ranker):
    """Learns what follows a click from all impressions: entire space multi-task model.

        P(click)              = sigmoid(b_1 + <h_1, MLP_1(x)>),   x = [v_1; ...; v_n]
        P(purchase | click)   = sigmoid(b_2 + <h_2, MLP_2(x)>)
        P(click and purchase) = P(click) P(purchase | click)

    v_f is the vector of the value of field f. Both tasks share the vectors. The first task is the
    click, the second the purchase, or whatever may only follow a click: its label is 1 for a click
    with a purchase and 0 for all other impressions, those without a click included. It is trained
    as the product, so on all impressions, and predicts the product. A model trained on clicks alone
    would be asked about other impressions than it has seen.

    Args:
        schema: `Schema` of impressions with two binary tasks.
        dim: Length of the vectors.
        mlp: Widths of the layers of each MLP.
        dropout: Rate on the output of each layer.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.
        uncertainty: Learn the weights of the losses, see `UncertaintyWeights`.

    Raises:
        InputError: for other tasks; in `adapt` for a purchase without a click, or a row whose
            purchase is missing although it has no click.

    Reference:
        Ma et al., Entire space multi-task model: an effective approach for estimating post-click
        conversion rate, SIGIR 2018.

    Example:

    >>> from kerasrec.data.datasets import FilmShop
    >>> train = FilmShop(users=50, requests=5).impressions(labels=("click", "purchase"))
    >>> model = ESMM(train.schema(), dim=4, mlp=(8,), blend={"purchase": 1})
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=18,
        mlp=(360, 200, 80),
        dropout=0.0,
        position=False,
        blend=None,
        uncertainty=False,
        name=None,
    ):
        if [task.kind for task in schema.tasks] != ["binary", "binary"]:
            found = ", ".join(f"{task.name} ({task.kind})" for task in schema.tasks) or "none"
            raise InputError(
                "ESMM multiplies two probabilities: it needs two labels of kind binary, a click "
                f"and what may follow it, in this order; got {found}"
            )
        click, after = (task.name for task in schema.tasks)
        inputs = RankerInputs(schema, position=position)

        # === Layers ===
        flatten = keras.layers.Flatten(name="flatten")
        towers = [DenseStack(mlp, dropout=dropout, name=f"{one}_mlp") for one in (click, after)]

        # === Wiring ===
        x = flatten(inputs.vectors(dim))
        super().__init__(
            schema=schema,
            inputs=inputs,
            logits=task_heads(schema, [tower(x) for tower in towers]),
            blend=blend,
            uncertainty=uncertainty,
            given={after: click},
            name=name,
        )

    def adapt(self, train):
        names = list(getattr(train, "labels", ()))
        if names == [task.name for task in self.tasks]:
            click, after = (train.labels[name] for name in names)
            self._refuse(names, (click == 0) & (after == 1), "1")
            self._refuse(names, (click == 0) & np.isnan(after), "missing")
        super().adapt(train)

    def _refuse(self, names, wrong, what):
        if wrong.any():
            raise InputError(
                f"ESMM.adapt: {names[1]} is {what} in {wrong.sum():,} rows without a {names[0]}: "
                f"it must be 0 there, since it can only follow a {names[0]}"
            )
