"""Encodes raw item features inside the served graph, as the catalogue's encoders do."""

import keras
import tensorflow as tf

from kerasrec.export.id_lookup import IdLookup


class RawFeatures(tf.Module):
    """Encodes raw text, categories, numbers and vectors into the inputs of the item encoder.

    Args:
        encoders: The `FeatureEncoder` of each item feature, by name.
    """

    def __init__(self, encoders):
        super().__init__()
        self.features = {name: encoder.feature for name, encoder in encoders.items()}
        self.encoders = {name: _as_layer(encoder) for name, encoder in encoders.items()}

    def signature(self):
        """Returns the `TensorSpec` of each feature that a request must have."""
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
            # As in the data: a missing number is replaced by the mean, 0 after scaling.
            encoded = encode(raw[:, None])[:, 0]
            return tf.where(tf.math.is_finite(raw), encoded, tf.zeros_like(encoded))
        if feature.kind == "vector":
            # A graph cannot warn: a vector with NaN or infinity counts as missing.
            raw = tf.ensure_shape(raw, (None, feature.size))
            whole = tf.reduce_all(tf.math.is_finite(raw), axis=1, keepdims=True)
            return tf.where(whole, raw, tf.zeros_like(raw))
        rows = encode(raw)
        if feature.kind == "categories":
            missing = tf.maximum(feature.length - tf.shape(rows)[1], 0)
            rows = tf.pad(rows, [[0, 0], [0, missing]])[:, : feature.length]
            rows = tf.ensure_shape(rows, (None, feature.length))
        return rows


def _as_layer(encoder):
    kind = encoder.feature.kind
    if kind == "text":
        return encoder.text_layer()
    if kind in ("category", "categories"):
        return IdLookup(encoder.vocabulary)
    if kind == "number":
        return keras.layers.Rescaling(1 / encoder.std, -encoder.mean / encoder.std)
    return keras.layers.Identity()
