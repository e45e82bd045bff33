"""The last layer of every training graph: it refuses `clone_model`."""

import keras

from kerasrec.errors import InputError

NOT_CLONED = (
    "clone_model would copy only the layers of a recommender and lose its catalogue: use "
    "copy.deepcopy(model), or type(model).from_config(model.get_config()) for fresh weights"
)


class TrainingOutput(keras.layers.Layer):
    """Passes the output of a training graph through unchanged.

    `keras.models.clone_model` copies the layers of a graph one by one. A recommender is more than
    that graph: in the clone, query model, item tower and catalogue would be missing or belong to
    the old model. `clone_model` asks every layer for its config, and this one raises an error.
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.supports_masking = True

    def call(self, outputs):
        return outputs

    def compute_output_spec(self, outputs):
        return keras.tree.map_structure(
            lambda x: keras.KerasTensor(x.shape, x.dtype, sparse=x.sparse), outputs
        )

    def get_config(self):
        raise InputError(NOT_CLONED)
