"""Run by `parity` in a fresh process, as source: loads a SavedModel with TensorFlow alone."""

import sys

import numpy as np
import tensorflow as tf

EXPLAINED = 10


def answer(directory, request_file, answer_file):
    """Asks every signature what the request file holds and writes all outputs."""
    loaded = tf.saved_model.load(directory)
    with np.load(request_file, allow_pickle=False) as file:
        request = {name: tf.constant(file[name]) for name in file.files}
    outputs = {}
    for name, signature in loaded.signatures.items():
        wanted = signature.structured_input_signature[1]
        # For reasons each history is asked once without each of its items.
        asked = slice(EXPLAINED if name == "recommend_explained" else None)
        for output, value in signature(**{key: request[key][asked] for key in wanted}).items():
            value = value.numpy()
            # Strings as bytes of a fixed width: an object array would need pickle.
            outputs[f"{name}_{output}"] = value.astype("S") if value.dtype == object else value
    np.savez(answer_file, **outputs)


if __name__ == "__main__":
    answer(*sys.argv[1:])
    assert "kerasrec" not in sys.modules
