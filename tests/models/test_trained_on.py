"""The training pairs of a model are recorded with its weights and found in a test part."""

import dataclasses
import hashlib

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches
from kerasrec.data.splits import PROTOCOLS
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec.evaluation.leakage import leaked_pairs
from kerasrec.losses import Softmax
from kerasrec.models import load, trained_on
from kerasrec.models.trained_on import TrainedOn, pair_hashes
from kerasrec_zoo import ContentBased, ItemKNN, MatrixFactorization

MASK = 2**64 - 1


def table(users=range(12), items=9, base=None):
    rows = [(f"u{u}", f"i{(u * 5 + n * (1 + u % 2)) % items}") for u in users for n in range(5)]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item"]), base=base)


def record(data):
    return TrainedOn.of(data.histories(), data.users.vocabulary, data.items.vocabulary)


def mix(x):
    """The finalizer of SplitMix64 in Python integers."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def test_a_hash_depends_on_the_ids_only():
    one, other = (
        int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
        for text in ("7", "ü")
    )
    assert int(pair_hashes(["7"], ["ü"])[0]) == mix((mix(one) + other) & MASK)
    assert pair_hashes(["1"], ["2"]) != pair_hashes(["2"], ["1"])
    # The same ids in other rows.
    data, grown = table(), table(base=(table(users=[7, 3]).users, table(users=[7, 3]).items))
    assert data.user.tolist() != grown.user.tolist()
    np.testing.assert_array_equal(record(data).hashes, record(grown).hashes)
    assert len(record(data).hashes) == 60


def test_rows_of_a_table_are_pairs(monkeypatch):
    monkeypatch.setattr(trained_on, "PIECE", 7)
    data = table()
    item = np.append(data.item, 1)  # of an item that is not known
    user = np.append(data.user, data.user[-1:])
    found = TrainedOn.of_rows(user, item, data.users.vocabulary, data.items.vocabulary)
    np.testing.assert_array_equal(found.hashes, record(data).hashes)


def test_many_pairs_are_sampled_and_shares_stay_comparable(monkeypatch):
    rng = np.random.default_rng(0)
    pairs = rng.choice(400 * 400, 20_000, replace=False)
    frame = pd.DataFrame({"user": pairs // 400, "item": pairs % 400})
    data = Interactions.from_frame(frame)
    whole = record(data).hashes
    split = PROTOCOLS["random"](data, test=0.5, validation=0.0)
    # Half of all pairs, so half of the test part.
    known = data.select(np.isin(np.arange(len(data)), np.arange(0, len(data), 2)))
    exact = leaked_pairs(record(known), split, "test")
    monkeypatch.setattr(trained_on, "MAX_HASHES", 1000)
    sampled = record(data)
    np.testing.assert_array_equal(sampled.hashes, whole[:1000])
    assert sampled.below == whole[999]
    few = leaked_pairs(record(known), split, "test")
    assert few["of"] == exact["of"] and few["share"] == pytest.approx(exact["share"], abs=0.05)
    # Merging two samples gives the sample of both.
    rest = data.select(np.isin(np.arange(len(data)), np.arange(1, len(data), 2)))
    both = record(rest).after(record(known))
    assert len(both.hashes) <= 1000 and both.holds(both.hashes).all()
    np.testing.assert_array_equal(both.hashes, whole[whole <= both.below])


@pytest.mark.slow
def test_the_record_is_saved_and_grows_when_a_model_starts_from_a_checkpoint(tmp_path):
    data = table()
    folds = [PROTOCOLS["k-fold"](data, folds=3, fold=fold, validation=0.0) for fold in range(3)]
    for number, split in enumerate(folds):
        model = MatrixFactorization(split.train.schema(), dim=4)
        model.adapt(split.train)
        if number:
            model.load_rows_from(tmp_path / str(number - 1))
        model.trained_on.splits.append({"fold": number})
        model.save(tmp_path / str(number))
    found = load(tmp_path / "2").trained_on
    assert found.splits == [{"fold": n} for n in range(3)]
    np.testing.assert_array_equal(found.hashes, record(data).hashes)
    assert evaluate(load(tmp_path / "0"), folds[0], ks=(3,), baselines=()).leakage is None
    last = evaluate(load(tmp_path / "2"), folds[2], ks=(3,), baselines=())
    pairs = len(folds[2].test)
    assert last.leakage == {"pairs": pairs, "of": pairs, "share": 1.0}
    warning = f"trained on {pairs} of the {pairs} pairs of the test part (100%)"
    assert warning in last.to_table().title and last.to_dict()["leakage"] == last.leakage
    # A model that only counts takes nothing but the histories from a checkpoint.
    for number, split in enumerate(folds[:2]):
        model = ItemKNN(split.train.schema())
        model.adapt(split.train)
        if number:
            model.load_rows_from(tmp_path / "knn")
            assert evaluate(model, split, ks=(3,), baselines=()).leakage is None
        else:
            model.save(tmp_path / "knn")


def test_pairs_of_the_train_part_are_no_leak():
    data = table()
    split = PROTOCOLS["next-item"](data)
    again = dataclasses.replace(split, test=split.train.select(slice(0, 6)))
    assert leaked_pairs(record(split.train), again, "test") is None
    # A model adapted to all data has seen the test part.
    model = ItemKNN(data.schema())
    model.adapt(data)
    found = evaluate(model, split, part="test", ks=(3,), baselines=())
    assert found.leakage["share"] == 1.0


def test_a_damaged_record_is_refused(tmp_path):
    split = PROTOCOLS["next-item"](table())
    model = ItemKNN(split.train.schema())
    model.adapt(split.train)
    model.save(tmp_path / "old")
    (tmp_path / "old" / "trained_on.npz").write_bytes(b"no")
    with pytest.raises(InputError, match="trained_on.npz is damaged"):
        TrainedOn.load(tmp_path / "old")


def test_a_text_encoder_brings_the_record_of_its_checkpoint(tmp_path):
    def read(name):
        pairs = [(f"u{n}", f"{name}{(n + m) % 4}") for n in range(6) for m in range(3)]
        items = pd.DataFrame({"item": [f"{name}{n}" for n in range(4)], "words": "red sea"})
        return Interactions.from_frame(
            pd.DataFrame(pairs, columns=["user", "item"]),
            item_frame=items,
            item_features={"words": {"kind": "text", "length": 3}},
        )

    from kerasrec.models import load_content_from

    models = []
    for name in "ab":
        data = read(name)
        model = ContentBased(data.schema(), dim=4, encoder="conv1d")
        model.adapt(data)
        models.append(model)
    models[0].save(tmp_path / "a")
    load_content_from(models[1], tmp_path / "a")
    assert models[1].trained_on.holds(pair_hashes(["u0", "u0"], ["a0", "b0"])).all()


@pytest.mark.slow
def test_adapting_to_other_data_keeps_the_pairs_that_were_learned():
    data = table()
    one, two = (PROTOCOLS["k-fold"](data, folds=2, fold=n, validation=0.0) for n in range(2))
    model = MatrixFactorization(data.schema(), dim=2)
    model.adapt(one.train)
    model.adapt(two.train)  # nothing was learned in between
    assert evaluate(model, two, ks=(3,), baselines=()).leakage is None
    model.adapt(one.train)
    model.compile("adam", Softmax())
    model.fit(batches(one.train, model.train_inputs), verbose=0)
    model.adapt(two.train)
    assert evaluate(model, two, ks=(3,), baselines=()).leakage["share"] == 1.0
