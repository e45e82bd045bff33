"""The `Blend` of a config: its parts are read or built, fitted in turn, and weighed."""

import dataclasses

import keras

from kerasrec.config.blend_part import blend_parts
from kerasrec.config.model_class import find_model_class
from kerasrec.errors import InputError
from kerasrec.evaluation import fit_blend
from kerasrec.files.checkpoint_folder import checkpoint_folder
from kerasrec.models import Blend
from kerasrec.models.checkpoints import checkpoint
from kerasrec.training.build_model import build_model
from kerasrec.training.check_training import check_training
from kerasrec.training.fit import fit
from kerasrec.training.runs.check_start import check_start
from kerasrec.training.runs.run_folder import RunFolder


def make_blend(config, schema, split, say):
    """An adapted `Blend`, whose parts with `train` are still to be fitted.

    Args:
        config: `RunConfig` whose model is a `Blend`.
        schema: `Schema` of the train part.
        split: `Split`.
        say: Called with lines for people.

    Raises:
        InputError: for parts that the data or the `Blend` does not fit.
    """
    if config.init_from or config.content_from:
        raise InputError("a Blend starts from the runs of its parts: leave out init_from")
    arguments, trust = dict(config.model.arguments), config.model.trust
    models = []
    for place, part in enumerate(blend_parts(arguments)):
        if part.run is not None:
            folder = checkpoint_folder(part.run, f"model.models.{place}.run: ")
            check_start(f"model.models.{place}.run", folder, split, say)
            models.append(checkpoint.load(folder, trust=trust))
            continue
        keras.utils.set_random_seed(part.train.seed if part.train else config.train.seed)
        length = part.history_length or schema.history_length
        own = dataclasses.replace(schema, history_length=length)
        model = build_model(find_model_class(part.class_, trust), own, part.arguments)
        if part.train:
            check_training(model, split, part.train)
        model.adapt(split.train)
        models.append(model)
    return Blend(**{**arguments, "models": models})


def fit_parts(blend, split, config, folder, resume, progress, say):
    """Fits the parts that have `train`, one after the other, and then the weights.

    Weights that the config gives stay. A part that is stopped is resumed where it was.

    Args:
        blend: Of `make_blend`.
        split, config, say: As there.
        folder: `RunFolder`, in which each part has a folder of its own; None to write nothing.
        resume: Continue from the states of the parts.
        progress: Show bars on stderr.
    """
    given = blend_parts(config.model.arguments)
    for place, (name, model, part) in enumerate(zip(blend.names, blend.models, given, strict=True)):
        if part.train is None:
            continue
        say(f"{name}:")
        own = None
        if folder is not None:
            own = RunFolder(folder.path / "parts" / f"{place}-{type(model).__name__}")
            own.path.mkdir(parents=True, exist_ok=True)
        fit(model, split, part.train, own, config.evaluate.ks, resume, progress)
    if blend.part_weights is not None:
        return
    say(fit_blend(blend, split).line())


def refit_parts(blend, split, say):
    """Adapts the parts to train and validation; the weights that were fitted stay."""
    known = split.known("test")
    blend.adapt(known)
    say(f"Its parts are adapted again, to the {len(known):,} interactions of train and validation.")
