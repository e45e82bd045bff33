"""A model inside of another one's config."""

import sys

from kerasrec.config.model_class import find_model_class


def nested_config(model):
    """The class and the config of a model, as JSON values."""
    cls = type(model)
    package = cls.__module__.partition(".")[0]
    module = package if package == "kerasrec_zoo" else cls.__module__
    return {"class": f"{module}.{cls.__qualname__}", "config": model.get_config()}


def nested_model(given):
    """The model of a `nested_config`, with initial weights."""
    # A class that is imported already runs nothing more; `load` imports others on trust.
    known = given["class"].rpartition(".")[0] in sys.modules
    return find_model_class(given["class"], known).from_config(given["config"])


def nested_classes(arguments):
    """Yields the dotted names of all model classes in the arguments of a config, at any depth."""
    for value in arguments.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and isinstance(one.get("class"), str):
                yield one["class"]
                if isinstance(one.get("config"), dict):
                    yield from nested_classes(one["config"])
