"""Encodes raw features of items or requests inside the served graph, as in Python."""

import keras
import numpy as np
import tensorflow as tf

from kerasrec.data.feature_encoder import FARTHEST
from kerasrec.data.number_buckets import TINY
from kerasrec.data.pictures import decode_picture
from kerasrec.data.time_cycles import CYCLES
from kerasrec.data.vocabulary import FIRST
from kerasrec.export import lists
from kerasrec.export.id_lookup import IdLookup

# What a request gives of a column: anything else is a string.
DTYPES = {"number": tf.float32, "vector": tf.float32, "time": tf.int64}


class RawFeatures(tf.Module):
    """Encodes raw features into the inputs of the item encoder.

    A number is a float32; NaN, infinity and one too far from the mean are missing. A time is int64
    Unix seconds; 0 is missing. An image is a string, the bytes of a JPEG or PNG file; "" is
    missing, and a file that cannot be read is an error. All others are texts.

    Args:
        encoders: The `FeatureEncoder` of each feature, by name.
    """

    def __init__(self, encoders):
        super().__init__()
        self.columns = {name: encoder.kind for name, encoder in encoders.items()}
        self.features = {name: encoder.feature for name, encoder in encoders.items()}
        self.encoders = {name: _as_function(encoder) for name, encoder in encoders.items()}

    def signature(self):
        """Returns the `TensorSpec` of each feature that a request must have."""
        specs = {}
        for name, kind in self.columns.items():
            shape = {"categories": (None, None), "vector": (None, self.features[name].size)}
            dtype = DTYPES.get(kind, tf.string)
            specs[name] = tf.TensorSpec(shape.get(kind, (None,)), dtype, name=name)
        return specs

    def defaults(self):
        """Shape of each feature, and an array for one row in which it is missing, by name."""
        found = {}
        for name, spec in self.signature().items():
            empty = {tf.string: "", tf.float32: np.nan}.get(spec.dtype, 0)
            dtype = object if spec.dtype == tf.string else spec.dtype.as_numpy_dtype
            found[name] = tuple(spec.shape), np.full([n or 1 for n in spec.shape], empty, dtype)
        return found

    def given(self, request):
        """Whether a request has each feature `(batch,)`: a missing value is none."""
        return {name: self._is_given(name, request[name]) for name in self.features}

    def __call__(self, request):
        return {name: self._encode(name, request[name]) for name in self.features}

    def _is_given(self, name, raw):
        kind = self.columns[name]
        if kind == "time":
            return raw != 0
        real = tf.math.is_finite(raw) if raw.dtype.is_floating else tf.strings.strip(raw) != ""
        if kind == "vector":
            return tf.reduce_all(real, axis=1)
        return tf.reduce_any(real, axis=1) if kind == "categories" else real

    def _encode(self, name, raw):
        feature, kind, encode = self.features[name], self.columns[name], self.encoders[name]
        if kind == "number":
            # As in the data: a missing number is padding, or the mean, which is 0 after scaling.
            encoded = encode(raw)
            finite = tf.reshape(tf.math.is_finite(raw), [-1] + [1] * len(feature.shape))
            return tf.where(finite, encoded, tf.zeros_like(encoded))
        if kind == "vector":
            # A graph cannot warn: a vector with NaN or infinity counts as missing.
            raw = tf.ensure_shape(raw, (None, feature.size))
            whole = tf.reduce_all(tf.math.is_finite(raw), axis=1, keepdims=True)
            return tf.where(whole, raw, tf.zeros_like(raw))
        rows = encode(raw)
        if kind == "categories":
            # As in the data: blank values are left out before the list is cut to its length.
            real = tf.reshape(tf.strings.strip(raw) != "", [-1])
            rows = lists.first(lists.chosen(lists.as_lists(rows), real), feature.length)
        return rows


def _as_function(encoder):
    kind = encoder.kind
    if kind == "text":
        return encoder.text_layer()
    if kind in ("category", "categories"):
        return IdLookup(encoder.vocabulary)
    if kind == "number":
        return _of_number(encoder)
    if kind == "image":
        return _of_image(encoder)
    if kind == "time":
        return lambda seconds: _time_cycles(seconds, encoder.parts)
    return keras.layers.Identity()


def _of_image(encoder):
    def encoded(contents):
        pixels = decode_picture(contents, encoder.size)
        if encoder.backbone is None:
            return pixels
        return encoder.backbone.graph_vectors(pixels[None])[0]

    # Two at a time: a batch of pictures as they are decoded may not fit into the memory.
    made = tf.TensorSpec(encoder.feature.shape, encoder.feature.dtype)
    return lambda contents: tf.map_fn(
        encoded, contents, parallel_iterations=2, fn_output_signature=made
    )


def _of_number(encoder):
    if encoder.borders is not None:
        return lambda numbers: _bucket_rows(numbers, encoder.borders)
    if encoder.centres is not None:
        return lambda numbers: _bucket_weights(numbers, encoder.centres)
    scale = keras.layers.Rescaling(1 / encoder.std, -encoder.mean / encoder.std)

    def scaled(numbers):
        found = scale(numbers[:, None])[:, 0]
        # Python refuses such a number; a graph would answer NaN, also of NaN and infinity.
        return tf.where(tf.abs(found) <= FARTHEST, found, tf.zeros_like(found))

    return scaled


def _bucket_rows(numbers, borders):
    """As `kerasrec.data.number_buckets.bucket_rows`."""
    return FIRST + tf.searchsorted(np.array(borders, "float32"), _without_tiny(numbers))


def _bucket_weights(numbers, centres):
    """As `kerasrec.data.number_buckets.bucket_weights`."""
    points = np.array(centres)
    passed = (tf.cast(_without_tiny(numbers), tf.float64)[:, None] - points[:-1]) / np.diff(points)
    passed = tf.clip_by_value(passed, 0, 1)
    before = tf.pad(passed, [[0, 0], [1, 0]], constant_values=1)
    return tf.cast(before - tf.pad(passed, [[0, 0], [0, 1]]), tf.float32)


def _time_cycles(seconds, parts):
    """As `kerasrec.data.time_cycles.time_cycles`."""
    columns = []
    for part in parts:
        period, offset = CYCLES[part]
        place = tf.cast((seconds % period + offset) % period, tf.float64)
        angle = 2 * np.pi / period * place
        columns += [tf.sin(angle), tf.cos(angle)]
    cycles = tf.cast(tf.stack(columns, axis=1), tf.float32)
    return tf.where((seconds == 0)[:, None], tf.zeros_like(cycles), cycles)


def _without_tiny(numbers):
    return tf.where(tf.abs(numbers) < TINY, tf.zeros_like(numbers), numbers)
