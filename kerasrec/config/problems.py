"""What a config names must exist and take the arguments given: found out without building it."""

import importlib
import inspect
import math

from kerasrec.config.argument_types import type_problems
from kerasrec.config.cutoffs import monitors
from kerasrec.config.factories import check_loss_name, optimizer_class
from kerasrec.config.first_line import first_line
from kerasrec.config.model_class import find_model_class
from kerasrec.config.nearest import nearest
from kerasrec.errors import InputError
from kerasrec.files.replacing import surviving


def problems(config):
    """Pairs of a path of keys and what is wrong there; files and data first, Keras last."""
    found = [*_data(config), *_split(config.split), *_metrics(config)]
    # Importing the zoo imports Keras: seconds that a wrong path need not cost.
    return found or [*_model(config), *_optimizer(config.train.optimizer), *_loss(config)]


def _data(config):
    data = config.data
    if data.name is not None:
        loaders = importlib.import_module("kerasrec.data.datasets").LOADERS
        if data.name in loaders:
            yield from argument_problems(
                ("data", "options"), loaders[data.name], data.options, {"base"}, data.name
            )
            yield from _types(("data", "options"), loaders[data.name], data.options)
        else:
            yield ("data", "name"), f"there is no data set {data.name}{nearest(data.name, loaders)}"
    paths = {("data", "path"): data.path}
    paths |= {("init_from",): config.init_from, ("content_from",): config.content_from}
    paths |= {("data", "items", "path"): data.items and data.items.path}
    paths |= {("data", "users", "path"): data.users and data.users.path}
    for keys, path in paths.items():
        if path is not None and not surviving(path).exists():
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
        yield from argument_problems(("split",), taken, split.arguments, {"data"}, split.protocol)
        yield from _split_values(taken, split.arguments)


def _split_values(taken_by, arguments):
    """Problems with the values of a split's arguments: the type of each is its default's."""
    parameters = inspect.signature(taken_by).parameters
    for name, value in arguments.items():
        if name not in parameters:
            continue
        default = parameters[name].default
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if isinstance(default, bool):
            expected = "true or false"
            fits = isinstance(value, bool)
        elif isinstance(default, float):
            expected = f"a share from 0 up to, but not, 1, such as {default}"
            fits = number and 0 <= value < 1
        elif isinstance(default, int):
            expected = f"a whole number from 0, such as {default}"
            fits = number and isinstance(value, int) and value >= 0
        else:
            expected = f"a word, such as {default}"
            fits = isinstance(value, str)
        if not fits:
            yield ("split", name), f"expected {expected}, got {value!r}"


def _metrics(config):
    known = monitors(config)
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
        yield from argument_problems(
            ("model",), model, config.model.arguments, given={"schema", "name"}
        )
        yield from _types(("model",), model, config.model.arguments)
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
        wrong = list(argument_problems(keys[:2], found, arguments))
        wrong += _learning_rate(keys[:2], arguments.get("learning_rate", 1.0))
        yield from wrong
        if not wrong:
            # A small object, and what else tells whether it takes a learning rate of "fast"?
            try:
                found(**arguments)
            except (TypeError, ValueError) as error:
                yield keys[:2], first_line(error)


def _learning_rate(keys, value):
    # Keras takes any number: with 0 nothing is learnt, below it the loss grows.
    if isinstance(value, (int, float)) and not 0 < value < math.inf:
        yield (*keys, "learning_rate"), f"expected a number above 0, such as 0.001, got {value}"


def _loss(config):
    try:
        check_loss_name(config.train.loss)
    except InputError as error:
        yield ("train", "loss"), str(error)


def _types(keys, taken_by, arguments):
    """Problems with values that are not of the type of their default.

    A zoo model takes no negative number where its default is not one.
    """
    signed = taken_by.__module__.partition(".")[0] not in ("kerasrec", "kerasrec_zoo")
    for name, what in type_problems(taken_by, arguments, signed):
        yield (*keys, name), what


def argument_problems(keys, taken_by, arguments, given=frozenset(), called=None):
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
