"""The weights of a model as a file, without what only its training needs."""

import contextlib

from kerasrec.models.checkpoints.unfailing_file import UnfailingFile


def write_weights(model, path):
    """Writes a `.weights.h5` as Keras does, one weight at a time, and leaves the optimizer out.

    Keras writes the optimizer of a compiled model as well, which for Adam is twice the size of the
    weights it trains; a run keeps that in its training state.

    Raises:
        OSError: if the disk is full or cannot be written.
    """
    with without_optimizer(model), open(path, "w+b", buffering=0) as file:
        target = UnfailingFile(file, path.name)
        try:
            model.save_weights(target)
        finally:
            if target.error is not None:
                raise target.error


@contextlib.contextmanager
def without_optimizer(model):
    """A block in which a compiled model has no optimizer for Keras to write or to read."""
    attributes = vars(model)
    # Through `vars`, for an attribute that is set is tracked anew.
    optimizer = attributes.pop("optimizer", None)
    try:
        yield
    finally:
        if optimizer is not None:
            attributes["optimizer"] = optimizer
