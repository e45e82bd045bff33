"""FinalMLP: two MLPs that look at different fields, and a bilinear form of both."""

import keras
from keras import ops

from kerasrec.layers import BilinearFusion, DenseStack, FieldGate
from kerasrec.models import Ranker, RankerInputs
from kerasrec.register import register


@register
class FinalMLP(Ranker):
    """Reads the fields by two MLPs with gates of their own, and multiplies what they find.

        x       = MLP_1(FieldGate([v_1; ...; v_n], request)),   y = MLP_2(FieldGate(..., item))
        logit_k = b_k + <w_k, x> + <z_k, y> + sum over heads h of x_h^T W_kh y_h

    v_f is the vector of the value of field f. The first gate is computed from the vectors of the
    request and its user, the second from those of the item; on data without one of these it is the
    same for all rows. With several tasks k the vectors, gates and MLPs are shared.

    Args:
        schema: `Schema` of impressions.
        dim: Length of the vectors.
        first, second: Widths of the layers of the two MLPs.
        gate: Widths of the hidden layers of the gates.
        num_heads: Heads of the bilinear form, a divisor of the last widths of both MLPs.
        dropout: Rate on the output of each layer of the MLPs.
        batch_norm: Normalize each layer before its activation.
        l2: Regularization of the vectors, see `FieldVectors`.
        position: Learn a bias for each position in training, see `Ranker`.
        blend: Weight of each task in the score, see `Ranker`.

    Raises:
        InputError: for `num_heads` that is no divisor.

    Reference:
        Mao et al., FinalMLP: an enhanced two-stream MLP model for CTR prediction, AAAI 2023.

    Example:

    >>> from kerasrec.data.datasets import load_impressions
    >>> train = load_impressions(users=50, requests=5)
    >>> model = FinalMLP(train.schema(), dim=4, first=(8,), second=(8,), num_heads=2)
    >>> model.adapt(train)
    >>> context = {"hour": "20", "device": "tv"}
    >>> model.recommend(users=["user-1"], k=2, context=context)["rank"].tolist()
    [1, 2]
    """

    def __init__(
        self,
        schema,
        dim=10,
        first=(400,),
        second=(400,),
        gate=(64,),
        num_heads=10,
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
        gates = [FieldGate(gate, name=f"gate_{n}") for n in (1, 2)]
        stacks = [
            DenseStack(widths, dropout=dropout, batch_norm=batch_norm, name=f"mlp_{n}")
            for n, widths in ((1, first), (2, second))
        ]

        # === Wiring ===
        vectors = inputs.vectors(dim)
        of_request = vectors.shape[1] - inputs.num_item_fields
        contexts = [vectors[:, :of_request], vectors[:, of_request:]]
        # Without such fields one learned gate for all, as in the paper.
        contexts = [one if one.shape[1] else ops.ones_like(vectors[:, :1]) for one in contexts]
        x, y = (
            stack(flatten(gate(vectors, flatten(context))))
            for stack, gate, context in zip(stacks, gates, contexts, strict=True)
        )
        logits = {
            task.name: BilinearFusion(num_heads, name=f"{task.name}_fusion")(x, y)
            for task in schema.tasks
        }
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)
