"""The adapted model of a config, ready for `fit`."""

import inspect

import keras

from kerasrec.config.blend_part import is_blend
from kerasrec.config.model_class import find_model_class
from kerasrec.data.splits import PROTOCOLS
from kerasrec.files.checkpoint_folder import checkpoint_folder
from kerasrec.models import load_content_from
from kerasrec.training.blends import make_blend
from kerasrec.training.build_model import build_model
from kerasrec.training.check_training import check_training
from kerasrec.training.runs.check_start import check_start


def make_model(config, data, split, start=None, say=lambda line: None):
    """Builds and adapts the model of a config, from its seed; call it in the strategy's scope.

    Args:
        config: `RunConfig`.
        data, split: From `read_split`.
        start: Checkpoint folder of `init_from`, whose catalogs the data was read with, or None.
        say: Called with lines for people.

    Raises:
        InputError: for an argument that the model refuses, what `check_training` refuses, or a
            `content_from` that has nothing for this model.
    """
    keras.utils.set_random_seed(config.train.seed)
    model_class = find_model_class(config.model.class_, config.model.trust)
    # Of the train part, which says how features of requests are encoded.
    schema = split.train.schema(config.data.history_length)
    if is_blend(model_class):
        model = make_blend(config, schema, split, say)
        model.repeats = config.evaluate.repeats
        return model
    model = build_model(model_class, schema, config.model.arguments)
    check_training(model, split, config.train)
    model.adapt(split.train)
    model.repeats = config.evaluate.repeats
    if start:
        if model.trainable_weights:
            check_start("init_from", start, split, say)
        model.load_rows_from(start, trust=config.model.trust)
    if config.content_from:
        folder = checkpoint_folder(config.content_from, "content_from: ")
        check_start("content_from", folder, split, say)
        trust = config.model.trust
        known = load_content_from(model, folder, config.freeze_content, trust)
        for name, share in known.items():
            say(f"content_from knows {share:.0%} of the words of {name}.")
    model.trained_on.splits.append({"data": data.name, **split_arguments(config.split)})
    return model


def split_arguments(node):
    """The protocol of a `SplitNode` with all its arguments, defaults included."""
    parameters = inspect.signature(PROTOCOLS[node.protocol]).parameters.values()
    defaults = {one.name: one.default for one in parameters if one.default is not one.empty}
    return {"protocol": node.protocol, **defaults, **node.arguments}
