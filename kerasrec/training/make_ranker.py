"""The ranker of a config, adapted to its data."""

import keras

from kerasrec.config.model_class import find_model_class
from kerasrec.errors import InputError
from kerasrec.files.checkpoint_folder import checkpoint_folder
from kerasrec.models import Ranker, TwoStage
from kerasrec.models.checkpoints import checkpoint
from kerasrec.training.build_model import build_model
from kerasrec.training.runs.check_start import check_start
from kerasrec.training.runs.find_start import find_start


def check_ranker(config):
    """Raises an `InputError` for a model that is no ranker, or a start from another model."""
    found = find_model_class(config.model.class_, config.model.trust)
    if not issubclass(found, (Ranker, TwoStage)):
        raise InputError(
            f"model.class {config.model.class_} learns from interactions, and this data is "
            "impressions: choose a ranker, such as DeepFM, or leave out data.impressions"
        )
    if config.content_from:
        raise InputError("content_from is for models that learn from interactions: leave it out")
    if config.init_from and issubclass(found, TwoStage):
        raise InputError(
            "init_from is for a ranker alone: the rows of a TwoStage are those of its "
            "model.retriever, which need not continue those of an earlier one. Leave it out, or "
            "train the ranker without the retriever and put both together by TwoStage in Python"
        )


def ranker_start(config):
    """The checkpoint folder that `init_from` names; None without it."""
    if not config.init_from:
        return None
    return find_start(config.init_from, find_model_class(config.model.class_, config.model.trust))


def read_retriever(config):
    """The first stage of a `TwoStage`, from its checkpoint; None for a ranker alone."""
    if not issubclass(find_model_class(config.model.class_, config.model.trust), TwoStage):
        return None
    source = checkpoint_folder(config.model.arguments["retriever"], "model.retriever: ")
    return checkpoint.load(source, trust=config.model.trust)


def make_ranker(config, split, start=None, say=lambda line: None):
    """An adapted ranker with the weights of the seed; of a `TwoStage` its second stage.

    Args:
        config: `RunConfig` that `check_ranker` has checked.
        split: `ImpressionSplit`.
        start: Checkpoint folder of `init_from`, whose rows the data was read with, or None.
        say: Called with lines for people.

    Raises:
        InputError: for data that the model cannot be built for or learn from.
    """
    keras.utils.set_random_seed(config.train.seed)
    # Of the train part, which says how features of requests are encoded.
    schema = split.train.schema(config.data.history_length)
    ranker_class, arguments = _ranker(config)
    model = build_model(ranker_class, schema, arguments)
    model.adapt(split.train)
    model.repeats = config.evaluate.repeats
    if start:
        check_start("init_from", start, split, say)
        model.load_rows_from(start, trust=config.model.trust)
    return model


def _ranker(config):
    """The class of the ranker and its arguments; those of a `TwoStage` are in its own."""
    model_class = find_model_class(config.model.class_, config.model.trust)
    arguments = config.model.arguments
    if not issubclass(model_class, TwoStage):
        return model_class, arguments
    given = dict(arguments["ranker"])
    ranker_class = find_model_class(given.pop("class"), config.model.trust)
    if not issubclass(ranker_class, Ranker):
        raise InputError(f"model.ranker.class {ranker_class.__name__} is no ranker, as DeepFM is")
    return ranker_class, given
