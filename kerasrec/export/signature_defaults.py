"""Writes default values of inputs into a SavedModel."""

import pathlib

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

DEFAULT_SIGNATURE = "serving_default"
FILE = "saved_model.pb"


def write_defaults(directory, defaults):
    """Fills in `SignatureDef.defaults`, which TF Serving uses for missing inputs.

    Args:
        directory: A SavedModel.
        defaults: Dict of signature to a dict of input to an array. `serving_default` gets the
            defaults of the first signature.

    Source: `SignatureDef` in tensorflow/core/protobuf/meta_graph.proto. tensorflow_serving's
    servables/tensorflow/predict_util.cc reads it; TensorFlow's Python signatures ignore it.
    """
    path = pathlib.Path(directory) / FILE
    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    (graph,) = saved.meta_graphs
    defaults = {**defaults, DEFAULT_SIGNATURE: next(iter(defaults.values()))}
    for name, values in defaults.items():
        for key, value in values.items():
            graph.signature_def[name].defaults[key].CopyFrom(tf.make_tensor_proto(value))
    path.write_bytes(saved.SerializeToString(deterministic=True))
