"""The dtype policy that a model is built under."""

import contextlib

import keras

# Weights kept in half precision lose the small updates of training, so those are not among them.
POLICIES = ("float32", "mixed_bfloat16", "mixed_float16", "float64")


@contextlib.contextmanager
def policy_scope(policy):
    """Within it, layers are made under `policy`; what Keras had before comes back."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def in_float32(model):
    """A model that computes in float32: `model` itself, or one with the same weights and data.

    A trained model's answers under another policy are those of its float32 self but for the
    rounding, which differs between machines, sizes of a batch and graphs.
    """
    if model.dtype_policy.name == "float32":
        return model
    whole = type(model).from_config({**model.get_config(), "dtype": "float32"})
    for weight, given in zip(whole.weights, model.weights, strict=True):
        weight.assign(given)
    whole.users, whole.items, whole.behaviors = model.users, model.items, model.behaviors
    whole.histories, whole.trained_on = model.histories, model.trained_on
    return whole
