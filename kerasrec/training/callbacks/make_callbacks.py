"""The callbacks that a config names."""

import inspect
import pathlib

from kerasrec.config.callback_class import PATH_ARGUMENTS, find_callback_class, is_of_keras
from kerasrec.config.cutoffs import smaller_is_better
from kerasrec.config.first_line import first_line
from kerasrec.errors import InputError
from kerasrec.training.callbacks.mlflow_names import with_mlflow_names


def make_callbacks(config, folder):
    """New Keras callbacks of `train.callbacks`, in their order.

    Relative paths of Keras's own callbacks are below `folder`. Their `monitor` is `train.monitor`
    if the config gives none (the loss where nothing is validated), with the `mode` of that metric.
    Other classes get their arguments as they are.

    Args:
        config: `RunConfig`.
        folder: Of the run; it need not exist.

    Raises:
        InputError: for an argument that a class refuses.
    """
    return [_make(node, config, pathlib.Path(folder)) for node in config.train.callbacks]


def _make(node, config, folder):
    name, arguments = (node, {}) if isinstance(node, str) else (node.class_, node.arguments)
    callback_class = find_callback_class(name, config.model.trust)
    complete = arguments
    if is_of_keras(callback_class):
        complete = _completed(callback_class, arguments, config.train.monitor, folder)
    try:
        return with_mlflow_names(callback_class(**complete))
    except Exception as error:  # a class from outside may fail in any way
        raise InputError(
            f"train.callbacks: {name} does not take {arguments}: {first_line(error)}"
        ) from error


def _completed(callback_class, arguments, train_monitor, folder):
    """The arguments of a callback of Keras with those that follow from the run."""
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(callback_class).parameters.items()
    }
    completed = dict(arguments)
    for name in PATH_ARGUMENTS:
        if name in defaults:
            completed[name] = str(folder / arguments.get(name, defaults[name]))
    if "monitor" in defaults:
        monitor = arguments.get("monitor", f"val_{train_monitor}" if train_monitor else "loss")
        smaller = monitor == "loss" or smaller_is_better(monitor.removeprefix("val_"))
        completed = {"monitor": monitor, "mode": "min" if smaller else "max", **completed}
    return completed
