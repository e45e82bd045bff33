"""Encodes the features of an item as a vector, by one of six encoders."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.conv1d_item_encoder import Conv1DItemEncoder
from kerasrec.layers.conv2d_item_encoder import Conv2DItemEncoder
from kerasrec.layers.embedding_tower import EmbeddingTower
from kerasrec.register import register

# Encoders that read the code of a `FeatureCode`: encoder -> method.
CODES = {"code": "components", "autoencoder": "autoencoder"}
ENCODERS = ("conv1d", "conv2d", "bag_of_words", *CODES, "vectors")
CODE = "content_code"
# Length of the word vectors of a convolution, and number of filters of each width.
WORD_DIM = 64


@register
class ContentEncoder(keras.layers.Layer):
    """Encodes the features of an item, without its id, as a vector.

    | encoder      | vector                                                         | trained |
    |--------------|----------------------------------------------------------------|---------|
    | conv1d       | `Conv1DItemEncoder` of each text + W x of all other features   | all     |
    | conv2d       | `Conv2DItemEncoder` of each picture + W x of all other         | all     |
    |              | features, where a text is the mean of its word vectors         |         |
    | bag_of_words | W x, where a text is the mean of its word vectors              | all     |
    | code         | W code, from the column "content_code": principal components   | W       |
    |              | of all features, by `FeatureCode`                              |         |
    | autoencoder  | W code, where the code is that of a denoising autoencoder      | W       |
    | vectors      | W relu(W_1 z + b_1) + b of the given vectors z only            | all     |

    The last column names the weights that `fit` trains.
    x are the embedded categories, the numbers, the given vectors and, except for conv2d, the
    pictures by `Conv2DItemEncoder`, as in `EmbeddingTower`. The codes do not read pictures.

    Args:
        features: Dicts with `name`, `kind`, `size` and `length`, as for `CatalogTable`. The column
            "count" is ignored: it is behavior, not content.
        dim: Length of the vector.
        encoder: Name from the table above.
        kernel_sizes: Widths of the convolutions, in words.
        dropout: Rate before the last layer of each text, in training.

    Call arguments:
        features: Dict of name to tensor, as returned by `CatalogTable`.

    Input shape:
        A feature `(batch,)` (category, number), `(batch, length)` (categories, text),
        `(batch, size)` (vector, code) or `(batch, size, size, 3)` (image).

    Output shape:
        `(batch, dim)`.

    Raises:
        InputError: for an unknown encoder, or one without a feature that it can read.

    Example:

    >>> import numpy as np
    >>> title = {"name": "title", "kind": "text", "size": 100, "length": 3}
    >>> ContentEncoder([title], 8)({"title": np.array([[4, 9, 0]])}).shape
    TensorShape([1, 8])
    """

    def __init__(self, features, dim, encoder="conv1d", kernel_sizes=(3,), dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.features = features
        self.dim = dim
        self.encoder = encoder
        self.kernel_sizes = kernel_sizes
        self.dropout = dropout
        policy = {"dtype": self.dtype_policy}
        chosen = _features_read_by(encoder, features)
        self.read = [feature["name"] for feature in chosen]
        self.texts, self.pictures, self.tower, self.stack = {}, {}, None, []
        if encoder in (*CODES, "vectors"):
            widths = [2 * dim, dim] if encoder == "vectors" else [dim]
            self.stack = [
                keras.layers.Dense(width, None if width == dim else "relu", **policy)
                for width in widths
            ]
            return
        if encoder == "conv1d":
            self.texts = {
                text["name"]: Conv1DItemEncoder(
                    text["size"], dim, WORD_DIM, WORD_DIM, kernel_sizes, dropout, **policy,
                    name=f"{text['name']}_encoder",
                )
                for text in chosen if text["kind"] == "text"
            }  # fmt: skip
        if encoder == "conv2d":
            self.pictures = {
                picture["name"]: Conv2DItemEncoder(dim, **policy, name=f"{picture['name']}_encoder")
                for picture in chosen
                if picture["kind"] == "image"
            }
        convolved = {**self.texts, **self.pictures}
        others = [feature for feature in chosen if feature["name"] not in convolved]
        if others:
            self.tower = EmbeddingTower(2, dim, others, use_id=False, **policy, name="others")

    def build(self, input_shape):
        for convolution in (*self.texts.values(), *self.pictures.values()):
            convolution.build(None)
        if self.tower:
            self.tower.build(None)
        sizes = {feature["name"]: feature["size"] for feature in self.features}
        width = sum(sizes[name] for name in self.read)
        for dense in self.stack:
            dense.build((None, width))
            width = dense.units

    def call(self, features):
        if self.stack:
            parts = [ops.cast(features[name], self.compute_dtype) for name in self.read]
            vector = ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
            for dense in self.stack:
                vector = dense(vector)
            return vector
        convolutions = {**self.texts, **self.pictures}
        vectors = [encode(features[name]) for name, encode in convolutions.items()]
        if self.tower:
            # The tower needs ids for their shape only: use_id is False.
            vectors.append(self.tower(ops.zeros_like(features[self.read[0]]), features))
        return sum(vectors)

    def compute_output_spec(self, features):
        batch = features[self.read[0]].shape[0]
        return keras.KerasTensor((batch, self.dim), self.compute_dtype)


def _features_read_by(encoder, features):
    if encoder not in ENCODERS:
        raise InputError(f"encoder: expected one of {', '.join(ENCODERS)}, received {encoder!r}")
    features = [feature for feature in features if feature["name"] != "count"]
    if encoder in CODES:
        read = [feature for feature in features if feature["name"] == CODE]
        wanted = f"the column {CODE!r}"
    elif encoder == "vectors":
        read = [f for f in features if f["kind"] == "vector" and f["name"] != CODE]
        wanted = 'an item feature of kind "vector"'
    else:
        read = [f for f in features if f["kind"] != "users" and f["name"] != CODE]
        wanted = "an item feature"
    if encoder == "conv2d" and not any(feature["kind"] == "image" for feature in read):
        read, wanted = [], 'an item feature of kind "image", without a backbone'
    if not read:
        has = ", ".join(f"{feature['name']} ({feature['kind']})" for feature in features)
        raise InputError(f"encoder {encoder!r} needs {wanted}: the items have {has or 'none'}")
    return read
