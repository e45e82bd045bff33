"""The dtype policy that a model is built under."""

import contextlib
import functools

import keras

from kerasrec.config.first_line import first_line
from kerasrec.errors import InputError

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


def in_its_policy(construct):
    """A constructor whose layers are made under the policy of its class.

    What is counted or solved for is float32 whatever the policy: half precision would round it and
    make nothing faster. What is trained takes the policy of Keras.

    Raises:
        InputError: when called, for a policy that its model cannot be trained under, and for a
            value that a layer of Keras refuses.
    """

    @functools.wraps(construct)
    def constructed(self, *args, **kwargs):
        policy = keras.config.dtype_policy() if self.trained else "float32"
        if self.trained and policy.name not in POLICIES:
            raise InputError(
                f"{type(self).__name__} cannot be trained under the dtype policy {policy.name!r}: "
                f"call keras.config.set_dtype_policy with one of {', '.join(POLICIES)}"
            )
        with policy_scope(policy):
            try:
                construct(self, *args, **kwargs)
            except InputError:
                raise
            except ValueError as error:  # of a layer of Keras, which was given what the user gave
                raise InputError(f"{type(self).__name__}: {first_line(error)}") from error

    return constructed
