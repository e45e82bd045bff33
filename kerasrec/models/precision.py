"""The dtype policy that a model is built under."""

import contextlib

import keras

# Weights in half precision would lose small updates, so only mixed policies are allowed.
POLICIES = ("float32", "mixed_bfloat16", "mixed_float16", "float64")


@contextlib.contextmanager
def policy_scope(policy):
    """A context in which layers are made under `policy`; the former policy is restored after it."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def in_float32(model):
    """`model` if it computes in float32, else a float32 model with the same weights and data.

    The scores differ from those of `model` only by rounding, which in half precision depends on
    machine, batch size and graph.
    """
    config = model.get_config()
    float32 = _in_float32(config)
    if float32 == config:
        return model
    full = type(model).from_config(float32)
    for target, source in zip(full.weights, model.weights, strict=True):
        target.assign(source)
    full.users, full.items, full.behaviors = model.users, model.items, model.behaviors
    full.histories, full.trained_on = model.histories, model.trained_on
    full.context = model.context
    return full


def _in_float32(config):
    """A config with the policy float32, that of the models inside of it as well."""
    return {**{name: _nested(value) for name, value in config.items()}, "dtype": "float32"}


def _nested(value):
    if isinstance(value, list):
        return [_nested(one) for one in value]
    if isinstance(value, dict) and "class" in value and "config" in value:
        return {**value, "config": _in_float32(value["config"])}
    return value
