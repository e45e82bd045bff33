"""The parts of a `Blend` in a run config."""

import importlib

import pydantic

from kerasrec.config.argument_problems import argument_problems, type_problems
from kerasrec.config.model_class import find_model_class
from kerasrec.config.node import Count, OpenNode
from kerasrec.config.train_node import TrainNode
from kerasrec.errors import InputError

SUPPLIED = {"schema", "name"}


class BlendPart(OpenNode):
    """One of `model.models`: a run that is finished, or a class with its arguments.

    `run` names a run or checkpoint of the same data and split. `train` says how a class that learns
    by gradient is fitted; other classes are adapted alone. `history_length` is what a class reads
    of a history, if not that of `data`.
    """

    class_: str | None = pydantic.Field(alias="class", default=None)
    run: str | None = None
    train: TrainNode | None = None
    history_length: Count | None = None


def is_blend(model_class):
    """Whether a class of a config is a `Blend`."""
    return issubclass(model_class, importlib.import_module("kerasrec.models").Blend)


def blend_parts(arguments):
    """The `BlendPart`s of the arguments of a `Blend` that `blend_problems` has checked."""
    return [BlendPart.model_validate(one) for one in arguments["models"]]


def blend_problems(arguments, trust):
    """Yields pairs of a path of keys and a message, for the parts of a `Blend`."""
    given = arguments.get("models")
    if not isinstance(given, list) or len(given) < 2:
        yield ("model", "models"), f"expected a list of at least two models, got {given!r:.80}"
        return
    for place, one in enumerate(given):
        yield from _part_problems(("model", "models", str(place)), one, trust)


def refit_problems(arguments):
    """Yields pairs as of `blend_problems`, for the parts of a `Blend` that is to be refitted."""
    given = arguments.get("models")
    for place, one in enumerate(given if isinstance(given, list) else ()):
        if isinstance(one, dict) and ("run" in one or "train" in one):
            yield (
                ("model", "models", str(place)),
                "train.refit adapts the parts again, and this one has learned by gradient or is a "
                "run: leave out refit, or name a class that counts or solves",
            )


def _part_problems(keys, given, trust):
    from kerasrec.config.validate import type_errors

    try:
        part = BlendPart.model_validate(given)
    except pydantic.ValidationError as error:
        for own, message in type_errors(error, given if isinstance(given, dict) else {}):
            yield (*keys, *own), message
        return
    if (part.run is None) == (part.class_ is None):
        yield keys, "expected the run of a fitted model, or a class: give one of run and class"
        return
    if part.run is not None:
        own = [name for name in ("train", "history_length") if getattr(part, name)]
        for name in (*part.arguments, *own):
            yield (*keys, name), "a run has its own arguments: leave it out"
        return
    try:
        found = find_model_class(part.class_, trust)
    except InputError as error:
        yield (*keys, "class"), str(error)
        return
    yield from argument_problems(keys, found, part.arguments, supplied=SUPPLIED)
    yield from type_problems(keys, found, part.arguments)
    if getattr(found, "trained", True) and part.train is None:
        yield keys, f"{part.class_} learns by gradient: say how with train, or name a run of it"
    if not getattr(found, "trained", True) and part.train is not None:
        yield (*keys, "train"), f"{part.class_} is not trained: leave it out"
