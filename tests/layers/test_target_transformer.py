import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import TargetTransformer

GENERATOR = np.random.default_rng(0)
INPUTS = {
    "history": GENERATOR.normal(size=(3, 4, 4)).astype("float32"),
    "target": GENERATOR.normal(size=(3, 4)).astype("float32"),
    "mask": np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]], "bool"),
}
HISTORY, TARGET, MASK = INPUTS.values()
OTHER = {
    "num_blocks": 2, "num_heads": 2, "hidden_factor": 3, "activation": "gelu", "dropout": 0.5,
    "max_length": 4,
}  # fmt: skip


@pytest.fixture
def shaken():
    """With weights unlike those of the start, where distances do nothing."""
    layer = TargetTransformer(2, 2, max_length=6)
    layer(**INPUTS)
    generator = np.random.default_rng(1)
    layer.set_weights([w + generator.normal(0, 0.3, w.shape) for w in layer.get_weights()])
    return layer


def test_layer_contract(check_layer):
    check_layer(TargetTransformer, OTHER, INPUTS, half_tolerance=0.05)


def test_equals_the_encoder_of_the_history_with_the_target_at_its_end(shaken):
    found = shaken(**INPUTS)
    for b, length in enumerate([4, 2, 0]):
        vectors = np.concatenate([HISTORY[b, :length], TARGET[b, None]])[None]
        # A step of padding: Keras's softmax warns of a single step.
        padded = np.pad(vectors, ((0, 0), (0, 1), (0, 0)))
        mask = np.arange(length + 2)[None] <= length
        states = shaken.encoder(padded, mask, all_steps=True)
        np.testing.assert_allclose(found[b], states[0, length], atol=1e-5)


def test_width_and_side_of_the_padding_do_not_matter(shaken):
    short = {"history": HISTORY[:, :2], "target": TARGET, "mask": np.ones((3, 2), "bool")}
    for before, after in ((0, 3), (3, 0), (1, 2)):
        room = (0, 0), (before, after)
        padded = np.pad(short["history"], (*room, (0, 0)), constant_values=9.0)
        found = shaken(padded, TARGET, np.pad(short["mask"], room))
        np.testing.assert_allclose(found, shaken(**short), atol=1e-5)


def test_empty_batch(shaken):
    assert shaken(HISTORY[:0], TARGET[:0], MASK[:0]).shape == (0, 4)


def test_history_and_target_matter(shaken):
    before = shaken(**INPUTS).numpy()
    changed = np.abs(shaken(HISTORY, TARGET + [1, 0, 0, 0], MASK) - before).max(axis=1)
    assert changed.min() > 0.01
    first = HISTORY.copy()
    first[:, 0, 0] += 1.0
    changed = np.abs(shaken(first, TARGET, MASK) - before).max(axis=1)
    assert changed[:2].min() > 0.001 and changed[2] == 0


def test_gradients_are_finite_and_zero_at_padding(gradients, shaken):
    of_history, *others = gradients(shaken, **INPUTS)
    assert all(np.isfinite(gradient).all() for gradient in (of_history, *others))
    np.testing.assert_array_equal(of_history[~MASK], np.zeros((6, 4)))


def test_wrong_arguments():
    with pytest.raises(InputError, match="num_blocks: expected a whole number"):
        TargetTransformer(0)
    with pytest.raises(InputError, match="num_heads: expected a divisor of 4"):
        TargetTransformer(num_heads=3)(**INPUTS)
