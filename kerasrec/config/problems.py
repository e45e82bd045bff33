"""Checks that what a config names exists and takes its arguments, without building it."""

import importlib
import inspect
import math
import pathlib

from kerasrec.config.argument_problems import argument_problems, type_problems
from kerasrec.config.blend_part import blend_problems, is_blend, refit_problems
from kerasrec.config.callback_class import PATH_ARGUMENTS, find_callback_class, is_of_keras
from kerasrec.config.cutoffs import RANKER_BASELINES, monitors
from kerasrec.config.factories import check_loss_name, check_ranker_loss_name, optimizer_class
from kerasrec.config.first_line import first_line
from kerasrec.config.model_class import find_model_class
from kerasrec.config.nearest import nearest
from kerasrec.errors import InputError
from kerasrec.files.matching import matching
from kerasrec.files.replacing import surviving


def problems(config):
    """Pairs of a path of keys and a message; what needs Keras is checked last."""
    found = [*_data(config), *_split(config), *_metrics(config)]
    # Importing the zoo imports Keras, which takes seconds.
    if found:
        return found
    found = [*_model(config), *_optimizer(config.train.optimizer), *_loss(config)]
    return [*found, *_callbacks(config)]


def _data(config):
    data = config.data
    if data.name is not None:
        loaders = importlib.import_module("kerasrec.data.datasets").LOADERS
        if data.name in loaders:
            yield from argument_problems(
                ("data", "options"), loaders[data.name], data.options, {"base"}, data.name
            )
            yield from type_problems(("data", "options"), loaders[data.name], data.options)
        else:
            yield ("data", "name"), f"there is no data set {data.name}{nearest(data.name, loaders)}"
    try:
        importlib.import_module("kerasrec.data.clean").Clean.of(data.clean.model_dump())
    except InputError as error:
        yield ("data", "clean"), str(error)
    paths = {("data", "path"): data.path}
    paths |= {("data", "prepared"): data.prepared if data.is_prepared else None}
    paths |= {("init_from",): config.init_from, ("content_from",): config.content_from}
    paths |= {("data", "items", "path"): data.items and data.items.path}
    paths |= {("data", "users", "path"): data.users and data.users.path}
    paths |= {("data", "impressions", "path"): data.impressions and data.impressions.path}
    for keys, path in paths.items():
        if path is not None and not (surviving(path).exists() or matching(path)):
            yield keys, f"{path} does not exist, neither from here nor beside the config file"


def _split(config):
    split = config.split
    protocols = importlib.import_module("kerasrec.data.splits").PROTOCOLS
    if config.data.ranks:
        impressions = importlib.import_module("kerasrec.data.impression_split")
        protocols = impressions.IMPRESSION_PROTOCOLS
    if split.protocol not in protocols:
        yield (
            ("split", "protocol"),
            (f"there is no protocol {split.protocol}{nearest(split.protocol, protocols)}"),
        )
    else:
        protocol = protocols[split.protocol]
        yield from argument_problems(
            ("split",), protocol, split.arguments, {"data"}, split.protocol
        )
        yield from _split_values(protocol, split.arguments)


def _split_values(protocol, arguments):
    """Problems with the values of a split's arguments, which have the types of the defaults."""
    parameters = inspect.signature(protocol).parameters
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
            expected = f"a text, such as {default}"
            fits = isinstance(value, str)
        if not fits:
            yield ("split", name), f"expected {expected}, got {value!r}"


def _metrics(config):
    if not config.split.holds_out:
        for key in ("monitor", "patience"):
            if getattr(config.train, key) is not None:
                yield (
                    ("train", key),
                    "the split none leaves no validation part to choose an epoch by: leave it out, "
                    "or set it to null",
                )
        for key in ("validate_every", "validate_users"):
            default = type(config.train).model_fields[key].default
            if getattr(config.train, key) != default:
                yield (
                    ("train", key),
                    "the split none leaves no validation part: leave it out, or set it to "
                    f"{default}",
                )
        return
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
            ("model",), model, config.model.arguments, supplied={"schema", "name"}
        )
        yield from type_problems(("model",), model, config.model.arguments)
        if is_blend(model):
            yield from blend_problems(config.model.arguments, config.model.trust)
            if config.train.refit:
                yield from refit_problems(config.model.arguments)
        elif config.train.refit:
            yield ("train", "refit"), "only for a Blend, whose weights need a validation part"
    if config.data.ranks:
        for name in config.evaluate.baselines:
            if name not in RANKER_BASELINES:
                yield (
                    ("evaluate", "baselines"),
                    f"there is no baseline {name} of rankers: {', '.join(RANKER_BASELINES)}",
                )
        return
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
            # An optimizer is small, and only its constructor checks all values.
            try:
                found(**arguments)
            except (TypeError, ValueError) as error:
                yield keys[:2], first_line(error)


def _learning_rate(keys, value):
    # Keras takes any number: with 0 nothing is learned, below 0 the loss grows.
    if isinstance(value, (int, float)) and not 0 < value < math.inf:
        yield (*keys, "learning_rate"), f"expected a number above 0, such as 0.001, got {value}"


def _loss(config):
    if config.data.ranks:
        yield from _ranker_losses(config)
        return
    for name in ("loss_weights", "inverse_propensity", "calibrate"):
        if getattr(config.train, name) not in (None, False, "none"):
            yield ("train", name), "it is for rankers: give data.impressions, or leave it out"
    if not isinstance(config.train.loss, str):
        yield ("train", "loss"), "losses by label are for rankers: give the name of one loss"
        return
    try:
        check_loss_name(config.train.loss)
    except InputError as error:
        yield ("train", "loss"), str(error)


def _ranker_losses(config):
    if config.train.calibrate != "none" and not config.split.holds_out:
        yield (
            ("train", "calibrate"),
            "it fits probabilities to the validation part, and the split none has none: set it to "
            "none",
        )
    given, labels = config.train.loss, config.data.labels
    if isinstance(given, str):
        given = dict.fromkeys(labels or ["click"], given)
    for name, loss in given.items():
        if labels and name not in labels:
            yield ("train", "loss", name), f"there is no label {name}{nearest(name, labels)}"
        try:
            check_ranker_loss_name(loss, labels[name].kind if name in labels else None)
        except InputError as error:
            yield ("train", "loss", name), str(error)
    for name in config.train.loss_weights or ():
        if labels and name not in labels:
            yield ("train", "loss_weights", name), f"there is no label {name}"
    for keys, value, default in (
        (("train", "validate_users"), config.train.validate_users, "auto"),
        (("evaluate", "users"), config.evaluate.users, None),
    ):
        if value != default:
            yield keys, "it is for models that rank the catalog for users: leave it out"


def _callbacks(config):
    keys, measured = ("train", "callbacks"), ["loss"]
    if config.split.holds_out:
        measured += [f"val_{name}" for name in monitors(config)]
    for node in config.train.callbacks:
        name, arguments = (node, {}) if isinstance(node, str) else (node.class_, node.arguments)
        try:
            found = find_callback_class(name, config.model.trust)
        except InputError as error:
            yield keys, str(error)
            continue
        if is_of_keras(found):
            yield from argument_problems(keys, found, arguments)
            yield from type_problems(keys, found, arguments)
            yield from _callback_values((*keys, name), arguments, measured)
        elif not _takes_any_keyword(found):
            yield from argument_problems(keys, found, arguments)


def _takes_any_keyword(target):
    parameters = inspect.signature(target).parameters.values()
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def _callback_values(keys, arguments, measured):
    """Problems with the values of Keras's own callbacks."""
    monitor = arguments.get("monitor", measured[0])
    if monitor not in measured:
        yield (*keys, "monitor"), f"there is no {monitor} in the logs{nearest(monitor, measured)}"
    for name in PATH_ARGUMENTS:
        path = pathlib.PurePath(str(arguments.get(name, "")))
        if path.is_absolute() or ".." in path.parts:
            yield (*keys, name), f"expected a path below the run folder, got {path}"
