"""Warm-up requests, which TF Serving replays when it loads a version."""

import numpy as np
import tensorflow as tf

from kerasrec.savedmodel.metadata import WARM_UP_FILE

# The largest batch of a batching server: `max_batch_size` of deploy/batching.config.
MAX_BATCH = 128
BATCHES = (1, 8, MAX_BATCH)


def write_warm_up(directory, signatures, request):
    """Writes a `PredictionLog` for each signature and each of `BATCHES`.

    TensorFlow optimizes the graph of a signature at its first run, so the first request without
    warm-up would be slow.

    Args:
        directory: A SavedModel.
        signatures: Dict of signature to the names of its inputs.
        request: Requests as columns, dict of input to an array.

    Source: apis/prediction_log.proto, predict.proto and model.proto of tensorflow_serving, and its
    servables/tensorflow/saved_model_warmup_util.cc, which replays at most 1,000 records.
    """
    with tf.io.TFRecordWriter(str(directory / WARM_UP_FILE)) as file:
        for signature, inputs in signatures.items():
            for batch in BATCHES:
                columns = {name: _rows(request[name], batch) for name in inputs}
                file.write(_prediction_log(signature, columns))


def _rows(column, batch):
    return np.resize(column, (batch, *column.shape[1:]))


def _prediction_log(signature, columns):
    """A serialized `PredictionLog`; the TensorFlow package does not contain its class."""
    spec = _message(3, signature.encode())  # ModelSpec.signature_name
    request = _message(1, spec)  # PredictRequest.model_spec
    for name, column in columns.items():
        tensor = tf.make_tensor_proto(column).SerializeToString()
        request += _message(2, _message(1, name.encode()) + _message(2, tensor))  # .inputs
    return _message(6, _message(1, request))  # PredictionLog.predict_log, PredictLog.request


def _message(field, content):
    """A length-delimited protobuf field (wire type 2)."""
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(number):
    digits = bytearray()
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    return bytes([*digits, number])
