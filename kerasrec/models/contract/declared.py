"""Checks of what a model declares; each yields a sentence for every mistake."""

import keras
import numpy as np
from keras import ops

from kerasrec.models.contract.queries import item_features_read, scores_of, trained_queries

ROUNDING = 1e-6


def unregistered(model, train, arguments):
    cls = type(model)
    name = keras.saving.get_registered_name(cls)
    if keras.saving.get_registered_object(name) is not cls:
        yield (
            "the class is not registered, and Keras does not find it when it loads: put @register "
            "of kerasrec.register in front of the class"
        )


def lost_arguments(model, train, arguments):
    config = model.get_config()
    for name, value in arguments.items():
        kept = config[name]
        if _plain(kept) != _plain(value):
            yield (
                f"the argument {name} was given as {value!r} and is kept as {kept!r}: a checkpoint "
                f"would build another model; give what is computed from it another name than "
                f"self.{name}"
            )
    again = type(model).from_config(config)
    if again.get_config() != config:
        yield "from_config(get_config()) builds a model with another config"
    elif [w.shape for w in again.weights] != [w.shape for w in model.weights]:
        yield "from_config(get_config()) builds a model with other weights"


def wrong_inputs(model, train, arguments):
    for name, says, reads in (
        ("query_inputs", model.query_inputs, model.query_model.input),
        ("train_inputs", model.train_inputs, model.input),
    ):
        if tuple(says) != tuple(reads):
            yield (
                f"{name} is {says} and the graph reads {tuple(reads)}: leave {name} out, it is "
                "taken from the graph"
            )


def wrong_capabilities(model, train, arguments):
    says, reads = model.capabilities, set(model.query_inputs)
    for name in sorted(says - {"users", "histories", "cold_items"}):
        yield f"capabilities hold {name!r}: there are users, histories and cold_items"
    if "users" not in says:
        yield "capabilities lack 'users': the history of a known user is stored with the model"
    if "user" not in reads and "histories" not in says:
        yield (
            "capabilities lack 'histories', and a query reads a history and no user: any list of "
            "items can be answered"
        )
    if "histories" in says and "history" not in reads and _differs_by_user(model, train):
        yield "capabilities hold 'histories', and a query reads the user alone"
    if not model.schema.item_features:
        return
    features = item_features_read(model)
    if "cold_items" in says and not features:
        yield (
            "capabilities hold 'cold_items', and no item feature is read: an item without "
            "interactions is scored as the unknown item"
        )
    if features and "cold_items" not in says:
        yield f"capabilities lack 'cold_items', and item features are read: {', '.join(features)}"


def wrong_bias_columns(model, train, arguments):
    if not model.searchable:
        return
    queries = np.asarray(model.encode_queries(trained_queries(model, train)))
    items = ops.convert_to_numpy(model.encode_catalog())[train.item_counts() > 0]
    expected = 0
    for column in range(1, queries.shape[1] + 1):
        query, item = queries[:, -column], items[:, -column]
        if not query.any() and not item.any():
            continue
        if not (_constant(query) or _constant(item)):
            break
        expected = column
    if model.bias_columns != expected:
        yield (
            f"bias_columns is {model.bias_columns}, and the last {expected} columns of the vectors "
            "are the same for all queries or for all items: set bias_columns, or let a layer that "
            "has it, such as DotProduct or PopularWhenEmpty, add these columns"
        )


def _constant(values):
    return np.ptp(values) <= ROUNDING * np.abs(values).max()


def _differs_by_user(model, train):
    scores = scores_of(model, trained_queries(model, train))
    return bool(np.ptp(scores, axis=0).max() > ROUNDING)


def _plain(value):
    return list(value) if isinstance(value, (tuple, list)) else value
