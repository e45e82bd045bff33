"""Requests as serialized `tf.Example`s, the format of TensorFlow pipelines."""

import numpy as np
import tensorflow as tf

from kerasrec.data.query_spec import RECENT_INPUTS, REQUEST_INPUTS, REQUEST_OPTIONS


def serialized_examples(request, inputs):
    """Serializes each row of a request as a `tf.Example`, `(batch,)` bytes, without empty inputs.

    Args:
        request: Dict of input to an array `(batch,)`, or `(batch, any)` padded on the right.
        inputs: Names of the inputs.

    >>> request = {"user": np.array(["a"]), "history": np.array([["x", "y", ""]])}
    >>> example = tf.train.Example.FromString(serialized_examples(request, request)[0])
    >>> [value.decode() for value in example.features.feature["history"].bytes_list.value]
    ['x', 'y']
    """
    examples = np.empty(len(next(iter(request.values()))), object)
    for row in range(len(examples)):
        features = {}
        for name in inputs:
            values = np.atleast_1d(request[name][row])
            known = (REQUEST_INPUTS | RECENT_INPUTS | REQUEST_OPTIONS).get(name)
            if request[name].ndim == 2 and (known or values.dtype.kind != "f"):
                # What belongs to a list, such as times, is cut to the length of the list.
                ids = request[known.beside][row] if known and known.beside else values
                values = values[: np.flatnonzero(ids != "").max(initial=-1) + 1]
            if values.size and (values.dtype.kind not in "OU" or (values != "").any()):
                features[name] = _feature(values)
        example = tf.train.Example(features=tf.train.Features(feature=features))
        examples[row] = example.SerializeToString(deterministic=True)
    return examples


def _feature(values):
    if values.dtype.kind in "OU":
        texts = [text.encode() for text in values.tolist()]
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=texts))
    if values.dtype.kind == "f":
        return tf.train.Feature(float_list=tf.train.FloatList(value=values.tolist()))
    numbers = [int(number) for number in values]
    return tf.train.Feature(int64_list=tf.train.Int64List(value=numbers))
