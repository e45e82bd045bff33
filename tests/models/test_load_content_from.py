import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec.losses import Softmax
from kerasrec.models import load_content_from
from kerasrec_zoo import ContentBased, Hybrid, Popularity

HERE = {"a": "red fire", "b": "blue sea", "c": "red sea", "d": "green"}
THERE = {"1": "sea of fire", "2": "blue fire", "3": "sea", "4": "stone of stone"}


def data(texts, name="text"):
    items = pd.DataFrame({"item": list(texts), name: list(texts.values())})
    pairs = [(f"u{u}", item) for u in range(4) for item in list(texts)[u % 2 :: 2]]
    return Interactions.from_frame(
        pd.DataFrame(pairs, columns=["user", "item"]),
        item_frame=items,
        item_features={name: {"kind": "text", "length": 3}},
    )


def made(train, cls=ContentBased, seed=0, **given):
    keras.utils.set_random_seed(seed)
    model = cls(train.schema(history_length=4), **{"dim": 4, "encoder": "conv1d", **given})
    model.adapt(train)
    return model


@pytest.fixture
def saved(tmp_path):
    model = made(data(THERE), seed=5)
    model.save(tmp_path / "there")
    return model, tmp_path / "there"


def test_a_text_of_shared_words_has_the_vector_of_the_checkpoint(saved):
    there, folder = saved
    here = made(data(HERE))
    known = load_content_from(here, folder)
    assert known == {"text": 3 / 5}  # fire, blue and sea of red, fire, blue, sea, green
    ours, theirs = (model.items.encoders["text"].vocabulary.rows for model in (here, there))
    for words in (["sea", "fire"], ["blue"]):
        tokens = [np.pad(rows(words), (0, 3 - len(words)))[None] for rows in (ours, theirs)]
        one = here.content_encoder.texts["text"](tokens[0])
        other = there.content_encoder.texts["text"](tokens[1])
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_other_words_keep_their_initial_vectors(saved):
    here = made(data(HERE))
    table = here.content_encoder.texts["text"].table
    row = here.items.encoders["text"].vocabulary.rows(["green"])
    before = table(row).numpy()
    load_content_from(here, saved[1])
    np.testing.assert_array_equal(table(row).numpy(), before)


def test_other_words_get_the_unknown_vector_when_frozen(saved):
    there, folder = saved
    here = made(data(HERE))
    load_content_from(here, folder, freeze=True)
    ours, theirs = (m.content_encoder.texts["text"].table.get_weights()[0] for m in (here, there))
    row = here.items.encoders["text"].vocabulary.rows(["green"])[0]
    np.testing.assert_array_equal(ours[row], theirs[1])
    np.testing.assert_array_equal(ours[:2], theirs[:2])


@pytest.mark.slow
@pytest.mark.parametrize("freeze", [True, False])
def test_freeze_stops_the_training_of_copied_layers(saved, freeze):
    train = data(HERE)
    here = made(train, Hybrid)
    load_content_from(here, saved[1], freeze=freeze)
    encoder = here.content_encoder.texts["text"]
    # The last layer of a Hybrid has another shape: it is not copied and always trained.
    layers = [encoder.table, *encoder.convolutions, encoder.output_layer]
    before = [layer.get_weights()[0] for layer in layers]
    here.compile("adam", Softmax())
    here.fit(batches(train, here.train_inputs, batch_size=4, history_length=4), verbose=0)
    now = [layer.get_weights()[0] for layer in layers]
    moved = [not np.array_equal(one, other) for one, other in zip(before, now, strict=True)]
    assert moved == [not freeze, not freeze, True]


def test_models_that_do_not_fit_are_refused_and_unchanged(saved, tmp_path):
    other = made(data(HERE), kernel_sizes=(2, 3))
    before = other.get_weights()
    with pytest.raises(InputError, match="use its kernel_sizes"):
        load_content_from(other, saved[1])
    for one, now in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, now)
    with pytest.raises(InputError, match="this model has the texts words, the checkpoint text"):
        load_content_from(made(data(HERE, "words")), saved[1])
    with pytest.raises(InputError, match="ContentBased has no text encoder"):
        load_content_from(made(data(HERE), encoder="bag_of_words"), saved[1])
    train = data(HERE)
    popular = Popularity(train.schema())
    with pytest.raises(InputError, match="call model.adapt"):
        load_content_from(popular, saved[1])
