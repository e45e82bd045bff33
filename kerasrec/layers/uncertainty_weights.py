"""Learns how much the loss of each task counts."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.id_list import id_list
from kerasrec.register import register


@register
class UncertaintyWeights(keras.layers.Layer):
    """Appends the learned log-variance of its task to each prediction, for the loss to read.

        loss of a model = sum over tasks t of exp(-s_t) L_t + s_t / 2

    s_t is the logarithm of the variance of task t. At the minimum exp(-s_t) is 1 / (2 L_t), so each
    task counts relative to its own loss. Keras gives labels to losses and not to layers, and tracks
    the weights of layers and not those of losses. So the weights are here, and
    `kerasrec.losses.UncertaintyWeighted` takes them from the prediction. Compile each task with it,
    and leave this layer out of the model that is served.

    Args:
        tasks: Names of the tasks.

    Input shape:
        dict task -> predictions (logits) `(...,)`; one for each task.

    Output shape:
        dict task -> `(..., 2)` float32: the prediction and the log-variance of the task.

    Raises:
        InputError: for predictions of other tasks.

    Example:

    >>> from kerasrec.layers import UncertaintyWeights
    >>> layer = UncertaintyWeights(["click", "like"])
    >>> found = layer({"click": keras.ops.array([1.5, 2.0]), "like": keras.ops.array([3.0, 4.0])})
    >>> found["click"].numpy().tolist()
    [[1.5, 0.0], [2.0, 0.0]]

    Reference:
        Kendall, Gal and Cipolla, Multi-task learning using uncertainty to weigh losses for scene
        geometry and semantics, CVPR 2018; the form of a classification, for all tasks.
    """

    def __init__(self, tasks, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.tasks = id_list(tasks, "tasks", of="names of tasks")
        self.log_variances = self.add_weight(
            (len(self.tasks),), "zeros", "float32", autocast=False, name="log_variances"
        )

    def call(self, predictions):
        if set(predictions) != set(self.tasks):
            raise InputError(
                f"predictions: expected one for each of {', '.join(self.tasks)}, received "
                f"{', '.join(predictions) or 'none'}"
            )
        outputs = {}
        for i, task in enumerate(self.tasks):
            values = ops.cast(predictions[task], "float32")
            column = ops.broadcast_to(self.log_variances[i], ops.shape(values))
            outputs[task] = ops.stack([values, column], axis=-1)
        return outputs

    def compute_output_spec(self, predictions):
        return {
            task: keras.KerasTensor((*predictions[task].shape, 2), "float32") for task in self.tasks
        }
