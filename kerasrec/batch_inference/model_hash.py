"""A hash of everything in a model that its answers depend on."""

import hashlib
import json

import numpy as np


def model_hash(model):
    """SHA-256 of a model's config, ids, weights and histories, in hexadecimal.

    Args:
        model: An adapted `Recommender`.
    """
    from keras import ops

    from kerasrec.tables.rows import read_blocks

    digest = hashlib.sha256()

    def add(array):
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array))

    # Keras numbers the default names of models, so the name is not part of the hash.
    config = {**model.get_config(), "name": None, "policy": model.dtype_policy.name}
    digest.update(json.dumps(config, sort_keys=True, default=str).encode())
    vocabularies = [model.users.vocabulary, model.items.vocabulary]
    for vocabulary in [*vocabularies, *([model.behaviors] if model.behaviors else [])]:
        digest.update(json.dumps(vocabulary.ids.tolist()).encode())
    for weight in model.weights:
        for block in read_blocks(weight):
            add(ops.convert_to_numpy(ops.reshape(block, (-1,))))
    histories = model.histories
    for column in (histories.indptr, histories.items, histories.behavior, histories.timestamp):
        add(np.zeros(0) if column is None else column)
    return digest.hexdigest()
