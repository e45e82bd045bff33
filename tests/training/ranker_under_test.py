"""A small ranker for configs, which name a class by its dotted path."""

import keras

from kerasrec.models import Ranker, RankerInputs
from kerasrec.register import register


@register
class SmallRanker(Ranker):
    def __init__(self, schema, dim=4, reads_history=False, position=False, blend=None, name=None):
        inputs = RankerInputs(schema, history=reads_history, position=position)
        flat = keras.layers.Flatten()(inputs.vectors(dim))
        if reads_history:
            steps, mask = inputs.steps(dim)
            real = keras.ops.cast(mask, steps.dtype)[..., None]
            flat = keras.ops.concatenate([flat, keras.ops.sum(steps * real, axis=1)], axis=1)
        linear = inputs.linear()
        logits = {task.name: linear + keras.layers.Dense(1)(flat)[:, 0] for task in schema.tasks}
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)
