"""A frozen network from pictures to vectors."""

import functools
import hashlib
import json
import os
import zipfile
from typing import Any

import numpy as np

from kerasrec.errors import InputError
from kerasrec.files.plain_file import plain_size

MOST_SIZE = 1024
MOST_WEIGHTS = 10_000
# Of Keras, and made of code that is not Keras's; what is no class.
FOREIGN = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
PLAIN = ("__keras_tensor__", "slice", "__tuple__")
ADVICE = (
    "a backbone is a Keras model of Keras's own layers, from pictures (None, size, size, 3) of "
    "float32 from 0 to 255 to vectors (None, width)"
)


class Backbone:
    """Turns pictures into vectors by a Keras model, which is not trained.

    The model gets float32 pixels from 0 to 255; a layer at its beginning scales them if it expects
    others. It is saved with a checkpoint and is part of an export, so it may hold no code: only
    Keras's own layers, and no `Lambda`.

    Args:
        network: A built Keras model, or the path of a `.keras` file, which runs no code.
        within: Folder that a link at the path may not lead out of; None for any target.

    Attributes:
        size: Height and width of its pictures.
        width: Length of what `vectors` returns: a number that says whether there is a picture, and
            the vector.

    Raises:
        InputError: for a model of other inputs or outputs, of layers that are not Keras's own, or a
            file that is missing, damaged or compressed.
    """

    def __init__(self, network: Any, within: str | os.PathLike[str] | None = None):
        import keras  # the packages that read tables run without it

        self.network = network if isinstance(network, keras.Model) else _load(network, within)
        try:
            (given,), (made,) = self.network.inputs, self.network.outputs
            shape, out = given.shape, made.shape
        except (AttributeError, TypeError, ValueError):
            raise InputError(
                f"backbone {self.network.name!r} has not one input and one output, or is not built "
                f"yet: {ADVICE}"
            ) from None
        is_square = len(shape) == 4 and shape[1] is not None and shape[1] == shape[2]
        if not (is_square and shape[3] == 3 and 1 <= shape[1] <= MOST_SIZE):
            raise InputError(
                f"backbone {self.network.name!r} reads {shape}: {ADVICE}, size at most {MOST_SIZE}"
            )
        if len(out) != 2 or not out[1]:
            raise InputError(
                f"backbone {self.network.name!r} returns {out}: {ADVICE}; one of "
                "keras.applications does so with include_top=False, pooling='avg'"
            )
        _check_classes(json.loads(self.network.to_json()), f"backbone {self.network.name!r}")
        self.size, self.width = int(shape[1]), 1 + int(out[1])

    @classmethod
    def of(cls, network: Any) -> "Backbone":
        """A backbone as it is, or one of a Keras model or a path."""
        return network if isinstance(network, cls) else cls(network)

    def vectors(self, pictures: Any) -> np.ndarray:
        """float32 `(n, width)` of uint8 `(n, size, size, 3)`; zeros where there is no picture.

        Raises:
            InputError: if the model gives NaN or infinity.
        """
        if not len(pictures):
            return np.zeros((0, self.width), np.float32)
        found = self.network.predict_on_batch(np.asarray(pictures, np.float32))
        found = np.asarray(found, np.float32)
        if not np.isfinite(found).all():
            raise InputError(f"backbone {self.network.name!r} gives NaN or infinity")
        is_real = np.asarray(pictures).any(axis=(1, 2, 3)).astype(np.float32)[:, None]
        return np.concatenate([is_real, is_real * found], axis=1)

    def graph_vectors(self, pictures: Any) -> Any:
        """As `vectors`, as operations of TensorFlow."""
        import tensorflow as tf

        pixels = tf.cast(pictures, tf.float32)
        is_real = tf.cast(tf.reduce_max(pixels, axis=[1, 2, 3]) > 0, tf.float32)[:, None]
        found = tf.cast(self.network(pixels, training=False), tf.float32)
        return tf.concat([is_real, is_real * found], axis=1)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a `.keras` file."""
        import keras

        keras.saving.save_model(self.network, str(path))

    @functools.cached_property
    def _hash(self) -> str:
        from keras import ops

        layers = [type(layer).__name__ for layer in self.network.layers]
        found = hashlib.sha256(json.dumps(layers).encode())
        for weight in self.network.weights:
            found.update(np.ascontiguousarray(ops.convert_to_numpy(weight)))
        return found.hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Backbone):
            return NotImplemented
        return (self.size, self.width, self._hash) == (other.size, other.width, other._hash)

    def __hash__(self) -> int:
        return hash((self.size, self.width, self._hash))

    def __repr__(self) -> str:
        return f"Backbone({self.network.name!r}, {self._hash[:12]})"


def _load(path: Any, within: Any) -> Any:
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"backbone: got {path!r:.80}, and {ADVICE}, or the path of a .keras file")
    size = plain_size(path, within)
    try:
        with zipfile.ZipFile(path) as archive:
            files = archive.infolist()
            config = json.loads(archive.read("config.json")) if _is_plain(files, size) else None
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise InputError(f"{path} is no .keras file, or damaged: {error}") from None
    if config is None:
        raise InputError(f"{path} is compressed, and Keras writes .keras files that are not")
    _check_classes(config, str(path))
    too_large = f"{path} is damaged: it has {size:,} bytes, and its layers have"
    import keras

    from kerasrec.tables.bounded_weights import bounded_weights

    try:
        with bounded_weights(MOST_WEIGHTS, size, too_large):
            return keras.saving.load_model(str(path), compile=False, safe_mode=True)
    except InputError:
        raise
    except Exception as error:  # any layer may fail on a value of another type
        raise InputError(
            f"{path} cannot be loaded as a Keras model: {str(error).splitlines()[0]:.200}"
        ) from error


def _is_plain(files: list[zipfile.ZipInfo], size: int) -> bool:
    stored = all(file.compress_type == zipfile.ZIP_STORED for file in files)
    return stored and sum(file.file_size for file in files) <= size


def _check_classes(config: Any, where: str) -> None:
    """InputError for a class or function of a config that is not Keras's own."""
    if isinstance(config, list):
        for one in config:
            _check_classes(one, where)
    if not isinstance(config, dict):
        return
    module, name = config.get("module"), config.get("class_name")
    package = str(module).partition(".")[0]
    is_known = name in PLAIN or (package == "keras" and name not in FOREIGN)
    if name is not None and not is_known:
        raise InputError(
            f"{where} has a {name} of {module}: {ADVICE}. Compute the vectors of other models "
            "yourself, and give them as kind vector."
        )
    for one in config.values():
        _check_classes(one, where)
