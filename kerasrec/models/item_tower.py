"""The layer from item rows to item vectors."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.models.training_output import NOT_CLONED
from kerasrec.register import register


@register
class ItemTower(keras.layers.Layer):
    """Looks up the features of items in the catalogue and encodes them.

    A batch holds only item rows. All kinds of candidates, evaluation and export use this one layer.

    Args:
        catalog: `CatalogTable` of the item features, with a column `count`: the number of train
            interactions of an item.
        encoder: Functional model from `{"item": rows, **features}`, all `(n, ...)`, to `(n, dim)`.

    Call arguments:
        rows: Int item rows of any shape.

    Output:
        `rows.shape + (dim,)`.
    """

    def __init__(self, catalog, encoder, **kwargs):
        super().__init__(**kwargs)
        self.catalog = catalog
        self.encoder = encoder

    def call(self, rows):
        flat = ops.reshape(rows, (-1,))
        features = {"item": flat, **self.catalog(flat)}
        vectors = self.encoder({name: features[name] for name in self.encoder.input})
        return ops.reshape(vectors, (*ops.shape(rows), vectors.shape[-1]))

    def compute_output_spec(self, rows):
        vectors = self.encoder.output
        return keras.KerasTensor((*rows.shape, vectors.shape[-1]), vectors.dtype)

    def get_config(self):
        # A model builds its item tower itself; only clone_model asks for the config.
        raise InputError(NOT_CLONED)
