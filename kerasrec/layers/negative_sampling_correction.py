"""Corrects logits of a model that was trained on a sample of the negatives."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register


@register
class NegativeSamplingCorrection(keras.layers.Layer):
    """Adds the logarithm of the rate at which negatives were kept for the training.

        corrected logit = logit + log(rate),  p = q / (q + (1 - q) / rate)

    q is the probability that was learned, p that of all rows. All positives must have been kept.
    Before `assign` the rate is 1. Logits are float32 under any dtype policy.

    Input shape:
        Logits of any shape.

    Output shape:
        The same, float32 logits.

    Example:

    >>> from kerasrec.layers import NegativeSamplingCorrection
    >>> layer = NegativeSamplingCorrection()
    >>> layer.assign(rate=0.1)
    >>> p = keras.ops.sigmoid(layer(keras.ops.zeros(1)))  # q = 1/2 of one in ten negatives
    >>> round(1 / float(p[0]), 4)
    11.0

    Reference:
        He et al., Practical lessons from predicting clicks on ads at Facebook, ADKDD 2014, 6.3.
    """

    def __init__(self, **kwargs):
        # Half precision would turn close logits into ties.
        super().__init__(autocast=False, **kwargs)
        fixed = {"dtype": "float32", "trainable": False, "autocast": False}
        self.log_rate = self.add_weight((), "zeros", name="log_rate", **fixed)

    def assign(self, rate):
        """Sets the share of the negatives that were kept, above 0 and up to 1."""
        if not 0 < rate <= 1:
            raise InputError(f"rate: expected a number above 0 and up to 1, received {rate!r}")
        self.log_rate.assign(np.log(rate))

    def call(self, logits):
        return ops.cast(logits, "float32") + self.log_rate

    def compute_output_spec(self, logits):
        return keras.KerasTensor(logits.shape, "float32")
