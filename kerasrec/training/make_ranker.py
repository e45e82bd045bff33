"""The ranker of a config, adapted to its data."""

import keras

from kerasrec.config.model_class import find_model_class
from kerasrec.errors import InputError
from kerasrec.models import Ranker
from kerasrec.training.build_model import build_model


def check_ranker(config):
    """Raises an `InputError` for a model that is no ranker, or a start from another model."""
    if not issubclass(find_model_class(config.model.class_, config.model.trust), Ranker):
        raise InputError(
            f"model.class {config.model.class_} learns from interactions, and this data is "
            "impressions: choose a ranker, such as DeepFM, or leave out data.impressions"
        )
    for key in ("init_from", "content_from"):
        if getattr(config, key):
            raise InputError(f"{key} is for models that learn from interactions: leave it out")


def make_ranker(config, data, split):
    """An adapted ranker with the weights of the seed.

    Args:
        config: `RunConfig` that `check_ranker` has checked.
        data: `Impressions`, for the schema.
        split: `ImpressionSplit`.

    Raises:
        InputError: for data that the model cannot be built for or learn from.
    """
    keras.utils.set_random_seed(config.train.seed)
    model_class = find_model_class(config.model.class_, config.model.trust)
    schema = data.schema(config.data.history_length)
    model = build_model(model_class, schema, config.model.arguments)
    model.adapt(split.train)
    model.repeats = config.evaluate.repeats
    return model
