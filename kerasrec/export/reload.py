"""Run by `parity` in a fresh process, as source: loads a SavedModel with TensorFlow alone."""

import sys

import numpy as np
import tensorflow as tf

directory, request_file, answer_file = sys.argv[1:]
loaded = tf.saved_model.load(directory)
with np.load(request_file, allow_pickle=False) as file:
    request = {name: tf.constant(file[name]) for name in file.files}
answer = {}
for name, signature in loaded.signatures.items():
    wanted = signature.structured_input_signature[1]
    for output, value in signature(**{key: request[key] for key in wanted}).items():
        answer[f"{name}_{output}"] = value.numpy()
assert "kerasrec" not in sys.modules
np.savez(answer_file, **{k: v.astype("S") if v.dtype == object else v for k, v in answer.items()})
