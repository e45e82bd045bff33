import keras
import numpy as np
import pytest
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.transformer_user_encoder import TransformerUserEncoder

# The same three steps with the padding on the right, on the left and around.
PLACES = [[0, 1, 2], [3, 4, 5], [1, 2, 3], [2, 3, 4]]


@pytest.fixture
def noise():
    return np.random.default_rng(1).normal(size=(4, 6, 4)).astype("float32")


INPUTS = {
    "vectors": np.random.default_rng(2).normal(size=(3, 4, 4)).astype("float32"),
    "mask": np.array([[1, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]], "bool"),
}
OTHER = {
    "num_blocks": 3, "num_heads": 2, "hidden_factor": 2, "activation": "gelu", "dropout": 0.5,
    "max_length": 4, "causal": False, "gated": True,
}  # fmt: skip


def test_layer_contract(check_layer):
    check_layer(TransformerUserEncoder, OTHER, INPUTS, half_tolerance=0.05)


def test_layer_contract_all_steps(check_layer):
    init_kwargs = {"num_heads": 2, "max_length": 4}
    layer = check_layer(TransformerUserEncoder, init_kwargs, INPUTS, 0.05, all_steps=True)
    assert layer(**INPUTS, all_steps=True).shape == (3, 4, 4)


def shaken(encoder):
    """With weights unlike those of the start, where every norm and distance does nothing."""
    generator = np.random.default_rng(3)
    encoder.set_weights([w + generator.normal(0, 0.3, w.shape) for w in encoder.get_weights()])


def normed(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)


def by_keras(encoder, vectors, mask):
    """The same network of stock Keras layers with the same weights, for right padding."""
    dim, (batch, length) = vectors.shape[-1], mask.shape
    size = dim // encoder.num_heads
    seen = mask[:, None, :] & (np.tri(length, dtype="bool") if encoder.causal else True)
    x = vectors + encoder.positions.numpy()[:length]
    for block in encoder.blocks:
        block.distances.assign(0 * block.distances)  # Keras's attention knows none
        kernel, bias = block.query_key_value.get_weights()
        attention = keras.layers.MultiHeadAttention(encoder.num_heads, size)
        attention.build((batch, length, dim), (batch, length, dim))
        heads = (encoder.num_heads, size)
        parts = [
            part
            for k, b in zip(np.split(kernel, 3, 1), np.split(bias, 3), strict=True)
            for part in (k.reshape(dim, *heads), b.reshape(heads))
        ]
        out, out_bias = block.out.get_weights()
        attention.set_weights([*parts, out.reshape(*heads, dim), out_bias])
        into = block.norm(x)
        x = x + attention(into, into, attention_mask=seen)
        x = x + block.narrow(block.widen(block.hidden_norm(x)))
    gamma, beta = encoder.norm.get_weights()
    return np.where(mask[..., None], normed(np.asarray(x)) * gamma + beta, 0.0)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("num_heads", [1, 2])
def test_equals_keras_multi_head_attention(num_heads, causal):
    encoder = TransformerUserEncoder(2, num_heads, 3, max_length=6, causal=causal)
    encoder(**INPUTS)
    shaken(encoder)
    expected = by_keras(encoder, **INPUTS)
    np.testing.assert_allclose(encoder(**INPUTS, all_steps=True), expected, atol=1e-5)
    last = [expected[0, 2], expected[1, 0], np.zeros(4)]
    np.testing.assert_allclose(encoder(**INPUTS), last, atol=1e-5)


@pytest.mark.parametrize("causal", [True, False])
def test_attention_by_distance_bias_only(causal, noise):
    """With zero queries and keys the weights are the softmax of the distance biases."""
    encoder = TransformerUserEncoder(1, 2, max_length=4, causal=causal)
    encoder.build((None, None, 4))
    block, ones = encoder.blocks[0], np.ones((4, 6), "bool")
    block.query_key_value.kernel.assign(np.concatenate([np.zeros((4, 8)), np.eye(4)], axis=1))
    block.out.kernel.assign(np.eye(4))
    block.narrow.kernel.assign(np.zeros((4, 4)))
    # Of t - s from -3 to 3; what is further apart counts as that far.
    table = np.random.default_rng(5).normal(size=(2, 7)).astype("float32")
    block.distances.assign(table)
    x = noise + encoder.positions.numpy()[[0, 1, 2, 3, 3, 3]]
    apart = np.clip(np.subtract.outer(np.arange(6), np.arange(6)), -3, 3)
    weights = np.exp(table[:, apart + 3]) * (np.tri(6) if causal else 1)
    weights /= weights.sum(-1, keepdims=True)
    heads = [weights[h] @ normed(x)[..., 2 * h : 2 * h + 2] for h in range(2)]
    expected = normed(x + np.concatenate(heads, axis=-1))
    np.testing.assert_allclose(encoder(noise, ones, all_steps=True), expected, atol=1e-5)


def test_gate_scales_the_attention_output(noise):
    """The first step attends to itself only: its value, times its gate."""
    encoder = TransformerUserEncoder(1, 2, max_length=6, gated=True)
    encoder.build((None, None, 4))
    shaken(encoder)
    encoder.positions.assign(np.zeros((6, 4)))
    block, ones, eye = encoder.blocks[0], np.ones((4, 2), "bool"), np.eye(4)
    block.query_key_value.set_weights([np.concatenate([0 * eye, 0 * eye, eye], 1), np.zeros(12)])
    block.out.set_weights([eye, np.zeros(4)])
    block.narrow.set_weights([np.zeros((4, 4)), np.zeros(4)])
    for norm in (block.norm, encoder.norm):
        norm.set_weights([np.ones(4), np.zeros(4)])
    x = noise[:, :2]
    kernel, bias = block.gate.get_weights()
    asked = normed(x) @ kernel + bias
    expected = normed(x + normed(x) * asked / (1 + np.exp(-asked)))
    found = encoder(x, ones, all_steps=True)
    np.testing.assert_allclose(found[:, 0], expected[:, 0], atol=1e-5)


@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_padding_position_does_not_matter(causal, gated, noise):
    encoder = TransformerUserEncoder(max_length=6, causal=causal, gated=gated)
    encoder.build((None, None, 4))
    shaken(encoder)
    steps = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    ones = np.ones((1, 3), "bool")
    expected, alone = (encoder(steps[None], ones, all_steps=every) for every in (False, True))
    vectors, mask = noise.copy(), np.zeros((4, 6), "bool")
    for row, place in enumerate(PLACES):
        vectors[row, place], mask[row, place] = steps, True
    np.testing.assert_allclose(encoder(vectors, mask), np.repeat(expected, 4, 0), atol=1e-5)
    every = np.asarray(encoder(vectors, mask, all_steps=True))
    for row, place in enumerate(PLACES):
        np.testing.assert_allclose(every[row, place], alone[0], atol=1e-5)
    np.testing.assert_array_equal(every[~mask], 0.0)


@pytest.mark.parametrize("causal", [True, False])
def test_causal_step_does_not_depend_on_later_steps(causal, noise):
    encoder = TransformerUserEncoder(causal=causal, max_length=6)
    mask = np.ones((4, 6), "bool")
    before = np.asarray(encoder(noise, mask, all_steps=True))
    changed = noise.copy()
    changed[:, 3:] += np.random.default_rng(4).normal(size=(4, 3, 4))
    moved = np.abs(encoder(changed, mask, all_steps=True) - before).max(axis=(0, 2))
    assert (moved[3:] > 1e-3).all()
    assert (moved[:3] < 1e-6).all() if causal else (moved[:3] > 1e-3).all()


def test_gradients_of_rows_without_a_step_are_zero(noise):
    import tensorflow as tf

    encoder = TransformerUserEncoder(max_length=6)
    vectors, mask = tf.constant(noise), np.zeros((4, 6), "bool")
    mask[0, :2] = True
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        encoder(vectors, mask)
        loss = tf.reduce_sum(encoder(vectors, mask, all_steps=True) * noise[::-1])
    gradients = tape.gradient(loss, [vectors, *encoder.trainable_weights])
    gradients = [np.asarray(tf.convert_to_tensor(g)) for g in gradients]
    assert all(np.isfinite(g).all() for g in gradients)
    np.testing.assert_array_equal(gradients[0][~mask], 0.0)


def test_the_order_counts(noise):
    encoder = TransformerUserEncoder(max_length=6, causal=False)
    ones = np.ones((4, 6), "bool")
    swapped = noise[:, [1, 0, 2, 3, 4, 5]]
    assert np.abs(encoder(noise, ones) - encoder(swapped, ones)).max() > 1e-4
    encoder.positions.assign(np.zeros((6, 4)))
    np.testing.assert_allclose(encoder(noise, ones), encoder(swapped, ones), atol=1e-5)


def test_more_steps_than_positions_share_the_last(noise):
    encoder = TransformerUserEncoder(max_length=2)
    long = TransformerUserEncoder(max_length=6)
    ones = np.ones((4, 6), "bool")
    encoder(noise, ones), long(noise, ones)
    shaken(encoder)
    for weight, short in zip(long.weights, encoder.get_weights(), strict=True):
        if weight is long.positions:
            short = short[[0, 1, 1, 1, 1, 1]]
        elif "distances" in weight.path:
            short = short[:, [0] * 5 + [1] + [2] * 5]  # -5 to 5 from -1 to 1
        weight.assign(short)
    np.testing.assert_allclose(encoder(noise, ones), long(noise, ones), atol=1e-6)


def test_dropout_in_training_only(noise):
    encoder = TransformerUserEncoder(dropout=0.5, max_length=6)
    ones = np.ones((4, 6), "bool")
    np.testing.assert_array_equal(encoder(noise, ones), encoder(noise, ones))
    assert np.abs(encoder(noise, ones) - encoder(noise, ones, training=True)).max() > 0.01


def test_large_logits_in_half_precision(noise):
    encoder = TransformerUserEncoder(max_length=6, dtype="mixed_float16")
    states = encoder(1000 * noise, np.ones((4, 6), "bool"), all_steps=True)
    assert states.dtype == "float16" and np.isfinite(ops.convert_to_numpy(states)).all()


@pytest.mark.parametrize(
    "wrong", [{"num_blocks": 0}, {"num_heads": 1.5}, {"hidden_factor": 0}, {"max_length": 0}]
)
def test_wrong_arguments(wrong):
    with pytest.raises(InputError, match=f"{next(iter(wrong))}: expected a whole number"):
        TransformerUserEncoder(**wrong)


def test_heads_must_divide_the_vectors(noise):
    with pytest.raises(InputError, match="num_heads: expected a divisor of 4"):
        TransformerUserEncoder(num_heads=3)(noise, np.ones((4, 6), "bool"))
