"""Starts the text encoder of a model from a checkpoint over another catalogue."""

import numpy as np
from keras import ops

from kerasrec.data.vocabulary import FIRST, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.models.checkpoints import checkpoint


def load_content_from(model, directory, freeze=False, trust=False):
    """Starts the text encoder of a model from a checkpoint over other users and items.

    Two domains share words, not ids. The vectors of words in both vocabularies are copied, and the
    other words keep their initial vectors. The convolutions are copied, and the last layer if its
    shapes are equal.

    Args:
        model: An adapted model with a `content_encoder` of kind "conv1d".
        directory: Checkpoint of a model with such an encoder and the same `kernel_sizes`.
        freeze: Do not train the word vectors, the convolutions and, if it was copied, the last
            layer. A word outside the checkpoint's vocabulary then gets the checkpoint's vector of
            an unknown word.
        trust: As for `kerasrec.models.load`.

    Returns:
        Dict of text feature to the share of its words that the checkpoint knows.

    Raises:
        InputError: if the model is not adapted, if an encoder is of another kind or has other
            kernel sizes, or if the models have no text feature of the same name.
    """
    model.check_adapted("load_content_from")
    old = checkpoint.load(directory, trust=trust)
    targets, sources = _text_encoders(model), _text_encoders(old)
    shared = [name for name in targets if name in sources]
    if not shared:
        raise InputError(
            f"load_content_from: this model has the texts {', '.join(targets)}, the checkpoint "
            f"{', '.join(sources)}: expected one of the same name"
        )
    copies, known = [], {}
    for name in shared:
        target, source = targets[name], sources[name]
        target_rows, source_rows = _shared_words(model, old, name)
        if len(target.weights) != len(source.weights):
            raise InputError(
                f"load_content_from: {name!r} has the kernel_sizes {target.kernel_sizes} in this "
                f"model and {source.kernel_sizes} in the checkpoint: use its kernel_sizes"
            )
        for weight, old_weight in zip(target.weights, source.weights, strict=True):
            value = ops.convert_to_numpy(old_weight)
            in_last_layer = any(weight is one for one in target.output_layer.weights)
            if weight is target.table.embeddings and value.shape[1:] == tuple(weight.shape[1:]):
                table = np.array(ops.convert_to_numpy(weight))
                if freeze:
                    table[UNKNOWN:] = value[UNKNOWN]
                table[target_rows] = value[source_rows]
                value = table
            if value.shape == tuple(weight.shape):
                copies.append((weight, value))
            elif not in_last_layer:
                raise InputError(
                    f"load_content_from: {weight.path} is {tuple(weight.shape)} in this model and "
                    f"{value.shape} in the checkpoint: use its kernel_sizes"
                )
        num_words = len(model.items.encoders[name].vocabulary) - FIRST
        known[name] = len(target_rows) / max(num_words, 1)
    for weight, value in copies:
        weight.assign(value)
    model.trained_on = model.trained_on.after(old.trained_on)
    copied = {id(weight) for weight, _ in copies}
    for name in shared:
        encoder = targets[name]
        for layer in (encoder.table, *encoder.convolutions, encoder.output_layer):
            layer.trainable = not (freeze and all(id(w) in copied for w in layer.weights))
    return known


def _text_encoders(model):
    """Dict of text feature to its convolutional encoder."""
    encoders = getattr(model.content_encoder, "texts", None)
    if not encoders:
        raise InputError(
            f"load_content_from: {type(model).__name__} has no text encoder: expected a model with "
            'encoder "conv1d"'
        )
    return encoders


def _shared_words(model, old, name):
    """Rows of the words in both vocabularies: those of `model` and those of `old`."""
    words = model.items.encoders[name].vocabulary.ids
    old_rows = old.items.encoders[name].vocabulary.rows(words)
    shared = np.flatnonzero(old_rows >= FIRST)
    return shared + FIRST, old_rows[shared]
