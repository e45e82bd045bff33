"""Fixture `check_layer`: the contract of every layer."""

import inspect

import keras
import numpy as np
import pytest


def plain(value):
    """Tuples come back from a config as lists."""
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return {key: plain(one) for key, one in value.items()} if isinstance(value, dict) else value


def equal(one, two, tolerance=1e-6):
    for a, b in zip(keras.tree.flatten(one), keras.tree.flatten(two), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


@pytest.fixture
def check_layer(tmp_path):
    """`check(cls, init_kwargs, inputs, **options)`: config, weights, symbols, saving, float16.

    Every value of `init_kwargs` must differ from its default, or the check could not see it lost.
    `inputs` are arrays by call argument; `options` are call arguments that are no tensors.
    """

    def check(cls, init_kwargs, inputs, half_tolerance=0.02, **options):
        parameters = inspect.signature(cls.__init__).parameters
        layer = cls(**init_kwargs)
        config = layer.get_config()
        for name, value in init_kwargs.items():
            assert plain(value) != plain(parameters[name].default), f"{name} is at its default"
            assert plain(config[name]) == plain(value), name
            assert plain(getattr(layer, name)) == plain(value), name

        expected = layer(**inputs, **options)
        revived = cls.from_config(config)
        revived(**inputs, **options)
        revived.set_weights(layer.get_weights())
        equal(revived(**inputs, **options), expected)

        symbols = keras.tree.map_structure(
            lambda array: keras.Input(array.shape[1:], dtype=str(array.dtype)), inputs
        )
        outputs = layer(**symbols, **options)
        for symbol, value in zip(
            keras.tree.flatten(outputs), keras.tree.flatten(expected), strict=True
        ):
            assert symbol.shape[0] is None and symbol.dtype == value.dtype.name
            known = zip(symbol.shape, value.shape, strict=True)
            assert all(a in (None, b) for a, b in known), (symbol.shape, value.shape)
        model = keras.Model(keras.tree.flatten(symbols), outputs)
        model.save(tmp_path / "model.keras")
        arrays = keras.tree.flatten(inputs)
        equal(keras.models.load_model(tmp_path / "model.keras")(arrays), expected)

        half = cls(**init_kwargs, dtype="mixed_float16")
        half(**inputs, **options)
        half.set_weights(layer.get_weights())
        equal(half(**inputs, **options), expected, half_tolerance)
        return layer

    return check


@pytest.fixture
def gradients():
    """`gradients(layer, **inputs)`: of a sum in training, by the first input and the weights."""

    def gradients(layer, **inputs):
        import tensorflow as tf

        first, *others = inputs
        x = tf.constant(inputs[first])
        with tf.GradientTape() as tape:
            tape.watch(x)
            results = layer(x, *(inputs[name] for name in others), training=True)
            total = 0.0
            for result in keras.tree.flatten(results):
                # Random factors: the sum of a normalized vector does not change.
                factors = np.random.default_rng(7).normal(size=result.shape)
                total += tf.reduce_sum(result * tf.cast(factors, result.dtype))
        weights = [weight.value for weight in layer.trainable_weights]
        found = tape.gradient(total, [x, *weights], unconnected_gradients="zero")
        return [tf.convert_to_tensor(gradient).numpy() for gradient in found]

    return gradients
