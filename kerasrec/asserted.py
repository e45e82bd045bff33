"""A check of numbers that a graph holds: what is wrong stops the step that meets it."""

import keras

from kerasrec.errors import CHECK, InputError


def asserted(tensor, condition, said, *culprits):
    """`tensor`, or an error where the condition is false; in a graph when it runs.

    XLA drops the assertion of a graph, and other backends than TensorFlow have none.

    Args:
        tensor: What is handed on once the condition holds.
        condition: Scalar bool tensor.
        said: The beginning of the message.
        culprits: Tensors that end it.
    """
    if keras.backend.backend() != "tensorflow":
        return tensor
    import tensorflow as tf

    if tf.executing_eagerly():
        if not bool(condition):
            raise InputError(" ".join([said, *map(_word, culprits)]))
        return tensor
    # The plain op, not tf.debugging's: that one makes a branch for each check.
    holds = tf.raw_ops.Assert(condition=condition, data=[CHECK + said, *culprits])
    with tf.control_dependencies([holds]):
        return tf.identity(tensor)


def _word(culprit):
    return str(keras.ops.convert_to_numpy(culprit)) if keras.ops.is_tensor(culprit) else culprit
