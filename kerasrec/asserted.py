"""Checks tensors inside a graph: a failed check stops the step."""

import keras

from kerasrec.errors import CHECK, InputError


def asserted(tensor, condition, message, *values):
    """`tensor`, or an error if the condition is false; in a graph when it runs.

    XLA drops assertions of a graph. Backends other than TensorFlow check nothing.

    Args:
        tensor: The value to return if the condition holds.
        condition: Scalar bool tensor.
        message: Beginning of the error message.
        values: Texts and tensors at its end.
    """
    if keras.backend.backend() != "tensorflow":
        return tensor
    import tensorflow as tf

    if tf.executing_eagerly():
        if not bool(condition):
            raise InputError(" ".join([message, *map(_text, values)]))
        return tensor
    # The plain op, not tf.debugging's: that one makes a branch for each check.
    holds = tf.raw_ops.Assert(condition=condition, data=[CHECK + message, *values])
    with tf.control_dependencies([holds]):
        return tf.identity(tensor)


def _text(value):
    return str(keras.ops.convert_to_numpy(value)) if keras.ops.is_tensor(value) else value
