"""What happens around the constructor of every model."""

import functools
import inspect

import keras

from kerasrec.config.argument_problems import type_problems
from kerasrec.config.first_line import first_line
from kerasrec.errors import InputError
from kerasrec.models.checks.check_hooks import check_attributes
from kerasrec.models.hooks import HOOKS
from kerasrec.models.precision import POLICIES, policy_scope

SET_BY_KERAS = ("history", "loss", "optimizer", "stop_training")


def with_arguments(construct):
    """A constructor that keeps its arguments, and makes its layers under the policy of its class.

    Each argument becomes an attribute of the same name, unless the class sets it or has a property
    of that name: `get_config` reads them. What is counted or solved for is float32 under any
    policy, since half precision would round it and make nothing faster. What is trained takes
    Keras's policy.

    Raises:
        InputError: when called, for an argument of another type than its default, a policy that the
            model cannot be trained under, a value that a layer of Keras refuses, an argument with
            the name of an attribute that Keras sets, and an attribute that is nearly the name of a
            hook.
    """

    @functools.wraps(construct)
    def constructed(self, *args, **kwargs):
        if type(self).__init__ is not constructed:  # called by the constructor of a subclass
            return construct(self, *args, **kwargs)
        given = inspect.signature(construct).bind(self, *args, **kwargs)
        given.apply_defaults()
        _check_types(type(self), given.arguments)
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
            except ValueError as error:  # a layer of Keras refused a value of the user
                raise InputError(f"{type(self).__name__}: {first_line(error)}") from error
        names = [name for name in given.arguments if name not in ("self", "kwargs")]
        for name in SET_BY_KERAS:
            if name in names:
                raise InputError(
                    f"{type(self).__name__}: the argument {name} has the name of an attribute that "
                    "Keras sets in compile or fit, so it would not be saved: rename it"
                )
        check_attributes(self, names, HOOKS)
        for name in names:
            computed = isinstance(getattr(type(self), name, None), property)
            if name not in vars(self) and not computed and name != "name":
                setattr(self, name, given.arguments[name])
        return None

    # Keras reads the arguments of a constructor without looking through wrappers.
    constructed.__signature__ = inspect.signature(construct)
    return constructed


def _check_types(model_class, arguments):
    # The range of a number is checked by the model, which knows it better than its default does.
    for (name,), problem in type_problems((), model_class, arguments, signed=True):
        raise InputError(f"{model_class.__name__}: {name}: {problem}")
