"""The end of a training graph."""

import keras

from kerasrec.errors import InputError

NOT_CLONED = (
    "clone_model would copy the layers of a recommender and lose its catalogue: use "
    "copy.deepcopy(model), or type(model).from_config(model.get_config()) for fresh weights"
)


class TrainingOutput(keras.layers.Layer):
    """Hands on the output of a training graph, whatever it is.

    `keras.models.clone_model` copies the layers of a graph one by one, and a recommender is more
    than that graph: its query model, its item tower and its catalogue would be the old model's or
    missing. It asks every layer for its config, and this one refuses.
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
