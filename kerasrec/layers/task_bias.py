"""The level of a task: a number that is added to its logit."""

import keras
import numpy as np
from keras import ops

from kerasrec.register import register

BLOCK = 2**20  # labels


@register
class TaskBias(keras.layers.Layer):
    """Adds a learned number, which starts where the mean prediction is the mean label.

        logit = x + b,  b = log(p / (1 - p)) for labels, log(mean) for counts, the mean for ratings

    Adam would need many steps to get there from 0.

    Input shape:
        `(batch,)`.

    Output shape:
        `(batch,)` float32.

    Example:

    >>> import numpy as np
    >>> bias = TaskBias()
    >>> bias.start_at(np.array([0.0, 1.0, 0.0, 0.0]), "binary")
    >>> float(keras.ops.sigmoid(bias(np.zeros(1)))[0])
    0.25
    """

    def build(self, input_shape=None):
        self.bias = self.add_weight(shape=(), initializer="zeros", name="bias")

    def call(self, logits):
        return ops.cast(logits, "float32") + ops.cast(self.bias, "float32")

    def compute_output_spec(self, logits):
        return keras.KerasTensor(logits.shape, "float32")

    def start_at(self, labels, kind):
        """Sets the bias from labels `(n,)`, NaN where one is missing; a trained one stays.

        Args:
            kind: Of the `Task`.
        """
        if not self.built:
            self.build()
        if float(ops.convert_to_numpy(self.bias)) != 0.0:
            return
        # In blocks: the labels may be a file that is larger than memory.
        labels = np.asarray(labels)
        blocks = [labels[start : start + BLOCK] for start in range(0, len(labels), BLOCK)]
        total = sum(float(np.nansum(block, dtype="float64")) for block in blocks)
        count = sum(int(np.count_nonzero(block == block)) for block in blocks)
        if not count:
            return
        mean = total / count
        if kind == "binary":
            mean = min(max(mean, 1e-6), 1 - 1e-6)
            self.bias.assign(np.log(mean / (1 - mean)))
        else:
            self.bias.assign(mean if kind == "rating" else np.log(max(mean, 1e-6)))
