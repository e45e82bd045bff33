"""What a config names must exist and take the arguments given: found out without building it."""

import importlib
import inspect
import pathlib

from kerasrec.config.model_class import find_model_class
from kerasrec.config.nearest import nearest
from kerasrec.errors import InputError

LOSSES = {
    "softmax": "Softmax",
    "bpr": "BPR",
    "bce": "BinaryCrossentropy",
    "mse": "MeanSquaredError",
}
# What a run may monitor beside the ranking metrics; smaller is better.
RATING_METRICS = ("rmse", "mae")


def problems(config):
    """Pairs of a path of keys and what is wrong there; files and data first, Keras last."""
    found = [*_data(config), *_split(config.split), *_metrics(config)]
    # Importing the zoo imports Keras: seconds that a wrong path need not cost.
    return found or [*_model(config), *_optimizer(config.train.optimizer), *_loss(config)]


def loss_by_name(name):
    """The loss of `train.loss`: softmax, bpr, bce and mse are ours, any other is Keras's."""
    if name in LOSSES:
        return getattr(importlib.import_module("kerasrec.losses"), LOSSES[name])()
    return importlib.import_module("keras").losses.get(name)


def optimizer_class(name):
    """A Keras optimizer class by name, whatever its case."""
    optimizers = importlib.import_module("keras").optimizers
    found = {
        key.lower(): value
        for key, value in vars(optimizers).items()
        if inspect.isclass(value)
        and issubclass(value, optimizers.Optimizer)
        and value is not optimizers.Optimizer
    }
    if name.lower() not in found:
        raise InputError(f"there is no Keras optimizer {name}{nearest(name.lower(), found)}")
    return found[name.lower()]


def _data(config):
    data = config.data
    if data.name is not None:
        loaders = importlib.import_module("kerasrec.data.datasets").LOADERS
        if data.name in loaders:
            yield from _arguments(
                ("data", "options"), loaders[data.name], data.options, {"base"}, data.name
            )
        else:
            yield ("data", "name"), f"there is no data set {data.name}{nearest(data.name, loaders)}"
    paths = {("data", "path"): data.path, ("init_from",): config.init_from}
    paths |= {("data", "items", "path"): data.items and data.items.path}
    paths |= {("data", "users", "path"): data.users and data.users.path}
    for keys, path in paths.items():
        if path is not None and not pathlib.Path(path).exists():
            yield keys, f"{path} does not exist, neither from here nor beside the config file"


def _split(split):
    protocols = importlib.import_module("kerasrec.data.splits").PROTOCOLS
    if split.protocol not in protocols:
        yield (
            ("split", "protocol"),
            (f"there is no protocol {split.protocol}{nearest(split.protocol, protocols)}"),
        )
    else:
        taken = protocols[split.protocol]
        yield from _arguments(("split",), taken, split.arguments, {"data"}, split.protocol)


def _metrics(config):
    metrics = importlib.import_module("kerasrec.metrics").RANKING
    known = [f"{name}@{k}" for name in metrics for k in config.evaluate.ks] + [*RATING_METRICS]
    if config.train.monitor not in known:
        yield (
            ("train", "monitor"),
            (
                f"there is no metric {config.train.monitor}{nearest(config.train.monitor, known)}; "
                "evaluate.ks lists the k"
            ),
        )


def _model(config):
    try:
        model = find_model_class(config.model.class_, config.model.trust)
    except InputError as error:
        yield ("model", "class"), str(error)
    else:
        yield from _arguments(("model",), model, config.model.arguments, given={"schema", "name"})
    for name in config.evaluate.baselines:
        try:
            find_model_class(name)
        except InputError as error:
            yield ("evaluate", "baselines"), str(error)


def _optimizer(optimizer):
    named = isinstance(optimizer, str)
    keys = ("train", "optimizer") if named else ("train", "optimizer", "class")
    try:
        found = optimizer_class(optimizer if named else optimizer.class_)
    except InputError as error:
        yield keys, str(error)
    else:
        arguments = {} if named else optimizer.arguments
        wrong = list(_arguments(keys[:2], found, arguments))
        yield from wrong
        if not wrong:
            # A small object, and what else tells whether it takes a learning rate of "fast"?
            try:
                found(**arguments)
            except (TypeError, ValueError) as error:
                yield keys[:2], str(error)


def _loss(config):
    try:
        loss_by_name(config.train.loss)
    except ValueError:
        yield (
            ("train", "loss"),
            (
                f"there is no loss {config.train.loss}{nearest(config.train.loss, LOSSES)}; "
                "any Keras loss is known too"
            ),
        )


def _arguments(keys, taken_by, arguments, given=frozenset(), called=None):
    """Problems with the arguments of a class or function, by its signature."""
    called = called or taken_by.__name__
    known = {
        name: parameter
        for name, parameter in inspect.signature(taken_by).parameters.items()
        if name not in given and parameter.kind is not parameter.VAR_KEYWORD
    }
    for name in arguments:
        if name not in known:
            yield (*keys, name), f"{called} has no argument {name}{nearest(name, known)}"
    for name, parameter in known.items():
        if parameter.default is parameter.empty and name not in arguments:
            yield keys, f"{called} needs the argument {name}"
