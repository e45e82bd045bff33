"""Losses of labels and calibrations on the backend that KERAS_BACKEND names, as JSON.

python answer_blocks.py FILE: values and weights after a step of training, by name. With JAX and
PyTorch TensorFlow cannot be imported, whether it is installed or not.
"""

import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
if os.environ["KERAS_BACKEND"] != "tensorflow":
    sys.modules["tensorflow"] = None

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import ops  # noqa: E402

from kerasrec import layers, losses  # noqa: E402

NAN = np.nan
Y = np.array([[1, 0, 1, 0], [0, 1, NAN, NAN], [0, 0, 0, NAN], [NAN] * 4], "float32")
X = np.random.default_rng(0).normal(size=Y.shape).astype("float32")
NAMES = ("MaskedBinaryCrossentropy", "Focal", "Poisson", "WatchTimeLoss")
NAMES += ("RankNet", "LambdaRank", "ListSoftmax")


def trained(loss, append=None):
    """The weights after a step: those of a layer that starts as the identity."""
    scores = keras.layers.Dense(4, kernel_initializer="identity")
    inputs = keras.Input((4,))
    outputs = scores(inputs)
    model = keras.Model(inputs, outputs if append is None else append({"task": outputs})["task"])
    model.compile(keras.optimizers.SGD(0.5), loss)
    model.train_on_batch(X, Y)
    return [weight.tolist() for weight in model.get_weights()]


def calibrated():
    labels, logits = np.nan_to_num(Y).ravel(), X.ravel()
    platt, isotonic = layers.PlattScaling(), layers.IsotonicScaling(num_knots=5)
    platt.assign(0.5, -1.0)
    isotonic.fit(labels, logits)
    sampled = layers.NegativeSamplingCorrection()
    sampled.assign(0.25)
    inputs = keras.Input((4,))
    model = keras.Model(inputs, sampled(isotonic(platt(inputs))))
    return ops.convert_to_numpy(model(X)).tolist()


answers = {name: trained(getattr(losses, name)()) for name in NAMES}
weighted = losses.UncertaintyWeighted(losses.MaskedBinaryCrossentropy())
answers["UncertaintyWeighted"] = trained(weighted, layers.UncertaintyWeights(["task"]))
answers["calibrated"] = calibrated()
pathlib.Path(sys.argv[1]).write_text(json.dumps(answers, allow_nan=False))
