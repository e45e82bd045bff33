"""The checkpoints that a training starts from."""

from kerasrec.errors import InputError
from kerasrec.files.checkpoint_folder import checkpoint_folder
from kerasrec.models import load_behaviors, load_catalogs, load_context
from kerasrec.models.checkpoints.checkpoint import load_class_name


def find_start(path, model_class):
    """The checkpoint folder that `init_from` names, itself or by its run folder.

    Args:
        path: Checkpoint or run folder.
        model_class: Class of the model that starts from it.

    Raises:
        InputError: if there is no checkpoint, or one of another class.
    """
    folder = checkpoint_folder(path, "init_from: ")
    try:
        name = load_class_name(folder).rpartition(".")[2]
    except InputError as error:
        raise InputError(f"init_from: {error}") from error
    if name != model_class.__name__:
        raise InputError(f"init_from holds a {name}, the config builds a {model_class.__name__}")
    return folder


def start_catalogs(start):
    """`(users, items, behaviors, context)` of a checkpoint, for new data to extend; None for None.

    Args:
        start: Checkpoint folder.
    """
    return (*load_catalogs(start), load_behaviors(start), load_context(start)) if start else None


def source_checkpoint(config, start):
    """The checkpoint folder of `init_from` (`start`) or `content_from`, None without either."""
    if config.content_from:
        return checkpoint_folder(config.content_from, "content_from: ")
    return start
