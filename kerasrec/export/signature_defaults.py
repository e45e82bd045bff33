"""What an input is when a request leaves it out, written into a SavedModel."""

import pathlib

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

DEFAULT = "serving_default"
FILE = "saved_model.pb"


def write_defaults(directory, defaults):
    """Fills in `SignatureDef.defaults`, from which TF Serving takes the inputs that are missing.

    Args:
        directory: A SavedModel.
        defaults: Dict of signature to a dict of input to an array. The default signature is the
            first of them.

    Source: `SignatureDef` in tensorflow/core/protobuf/meta_graph.proto; tensorflow_serving's
    servables/tensorflow/predict_util.cc reads it. TensorFlow's Python signatures do not.
    """
    path = pathlib.Path(directory) / FILE
    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    (graph,) = saved.meta_graphs
    defaults = {**defaults, DEFAULT: next(iter(defaults.values()))}
    for name, values in defaults.items():
        for key, value in values.items():
            graph.signature_def[name].defaults[key].CopyFrom(tf.make_tensor_proto(value))
    path.write_bytes(saved.SerializeToString(deterministic=True))
