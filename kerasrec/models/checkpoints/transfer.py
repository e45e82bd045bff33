"""An item encoder that was trained on one catalogue, for the items of another."""

import numpy as np
from keras import ops

from kerasrec.data.vocabulary import FIRST, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.models.checkpoints import checkpoint


def load_content_from(model, directory, freeze=False, trust=False):
    """Starts the encoder of an item's texts from a checkpoint over other users and items.

    Words are what two domains share: the vectors of those that both vocabularies have are copied,
    the others keep their start; the convolutions are copied, and the last layer where it has the
    same shape.

    Args:
        model: An adapted model with a `content_encoder` of kind "conv1d".
        directory: Checkpoint of a model with one whose convolutions have the same widths.
        freeze: Leave the vectors of words, the convolutions and, where it was copied, the last
            layer out of training. Words that the checkpoint does not know then mean to this model
            what an unknown word meant to that one.
        trust: As for `kerasrec.models.load`.

    Returns:
        Dict of text feature to the share of its words that the checkpoint knows.

    Raises:
        InputError: for a model that is not adapted, an encoder of another kind or other widths, or
            no text feature of the same name in both.
    """
    model.check_adapted("load_content_from")
    old = checkpoint.load(directory, trust=trust)
    ours, theirs = (_texts(each) for each in (model, old))
    shared = [name for name in ours if name in theirs]
    if not shared:
        raise InputError(
            f"load_content_from: the texts here are {', '.join(ours)}, those of the checkpoint "
            f"{', '.join(theirs)}: expected one of the same name"
        )
    copies, known = [], {}
    for name in shared:
        target, source = ours[name], theirs[name]
        words, rows = _words(model, old, name)
        if len(target.weights) != len(source.weights):
            raise InputError(
                f"load_content_from: {name!r} has convolutions of the widths {target.kernel_sizes} "
                f"here and {source.kernel_sizes} in the checkpoint: use its kernel_sizes"
            )
        for to, given in zip(target.weights, source.weights, strict=True):
            value = ops.convert_to_numpy(given)
            last = any(to is weight for weight in target.output_layer.weights)
            if to is target.table.embeddings and value.shape[1:] == tuple(to.shape[1:]):
                table = np.array(ops.convert_to_numpy(to))
                if freeze:
                    table[UNKNOWN:] = value[UNKNOWN]
                table[words] = value[rows]
                value = table
            if value.shape == tuple(to.shape):
                copies.append((to, value))
            elif not last:
                raise InputError(
                    f"load_content_from: {to.path} is {tuple(to.shape)} here and {value.shape} in "
                    "the checkpoint: use its kernel_sizes"
                )
        known[name] = len(words) / max(len(model.items.encoders[name].vocabulary) - FIRST, 1)
    for to, value in copies:
        to.assign(value)
    model.trained_on = model.trained_on.after(old.trained_on)
    held = {id(to) for to, _ in copies}
    for name in shared:
        for layer in (ours[name].table, *ours[name].convolutions, ours[name].output_layer):
            layer.trainable = not (freeze and all(id(w) in held for w in layer.weights))
    return known


def _texts(model):
    texts = getattr(model.content_encoder, "texts", None)
    if not texts:
        raise InputError(
            f"load_content_from: {type(model).__name__} has no encoder of texts: expected a model "
            'with encoder "conv1d"'
        )
    return texts


def _words(model, old, name):
    """Rows of the words that both know, here and there."""
    ours = model.items.encoders[name].vocabulary
    rows = old.items.encoders[name].vocabulary.rows(ours.ids)
    here = np.flatnonzero(rows >= FIRST)
    return here + FIRST, rows[here]
