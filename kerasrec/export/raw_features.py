"""Raw item features inside the graph, encoded as the data encoded them."""

import keras
import tensorflow as tf

from kerasrec.export.string_lookup import words


class RawFeatures(tf.Module):
    """From raw text, categories, numbers and vectors to what the item encoder reads.

    Args:
        encoders: The `FeatureEncoder` of each item feature, by name.
    """

    def __init__(self, encoders):
        super().__init__()
        self.features = {name: encoder.feature for name, encoder in encoders.items()}
        self.encoders = {name: _in_graph(encoder) for name, encoder in encoders.items()}

    def signature(self):
        """What a request must carry: a `TensorSpec` for each feature."""
        specs = {}
        for name, feature in self.features.items():
            shape = {"categories": (None, None), "vector": (None, feature.size)}
            dtype = tf.float32 if feature.kind in ("number", "vector") else tf.string
            specs[name] = tf.TensorSpec(shape.get(feature.kind, (None,)), dtype, name=name)
        return specs

    def __call__(self, request):
        return {name: self._encode(name, request[name]) for name in self.features}

    def _encode(self, name, raw):
        feature, encode = self.features[name], self.encoders[name]
        if feature.kind == "number":
            # As in the data: a number that is missing is an average one.
            encoded = encode(raw[:, None])[:, 0]
            return tf.where(tf.math.is_finite(raw), encoded, tf.zeros_like(encoded))
        if feature.kind == "vector":
            # Nobody can be told here: a vector that is none counts as missing.
            raw = tf.ensure_shape(raw, (None, feature.size))
            whole = tf.reduce_all(tf.math.is_finite(raw), axis=1, keepdims=True)
            return tf.where(whole, raw, tf.zeros_like(raw))
        rows = encode(raw)
        if feature.kind == "categories":
            room = tf.maximum(feature.length - tf.shape(rows)[1], 0)
            rows = tf.pad(rows, [[0, 0], [0, room]])[:, : feature.length]
            rows = tf.ensure_shape(rows, (None, feature.length))
        return rows


def _in_graph(encoder):
    kind = encoder.feature.kind
    if kind == "text":
        return encoder.text_layer()
    if kind in ("category", "categories"):
        return keras.layers.StringLookup(
            vocabulary=words(encoder.vocabulary.ids), mask_token="", oov_token="[unknown]"
        )
    if kind == "number":
        return keras.layers.Rescaling(1 / encoder.std, -encoder.mean / encoder.std)
    return keras.layers.Identity()
