"""Writes the weights of a model to a file, without the optimizer."""

from kerasrec.models.checkpoints.unfailing_file import UnfailingFile


def write_weights(model, path):
    """Writes a `.weights.h5` file as Keras does, one weight at a time, without the optimizer.

    Keras would also write the optimizer of a compiled model, which for Adam takes twice the size
    of the trained weights. A run keeps the optimizer in its training state.

    Raises:
        OSError: if the disk is full or cannot be written.
    """
    attributes = vars(model)
    # Through `vars`: Keras tracks an attribute again when it is set.
    optimizer = attributes.pop("optimizer", None)
    try:
        with open(path, "w+b", buffering=0) as file:
            target = UnfailingFile(file, path.name)
            try:
                model.save_weights(target)
            finally:
                if target.error is not None:
                    raise target.error
    finally:
        if optimizer is not None:
            attributes["optimizer"] = optimizer
