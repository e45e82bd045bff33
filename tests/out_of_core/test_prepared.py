"""Folders that another job has written, by the schema of docs/out_of_core.md."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Catalog, Vocabulary
from kerasrec.errors import InputError
from kerasrec.out_of_core import Prepared, stored_columns

TRAIN = pd.DataFrame(
    {
        "user": np.array([2, 2, 2, 3, 5, 5], np.int32),
        "item": np.array([2, 3, 2, 3, 2, 3], np.int32),
        "place": np.array([0, 4, 5, 1, 2, 3], np.int64),
    }
)
TEST = pd.DataFrame(
    {
        "user": np.array([4, 5], np.int32),
        "item": np.array([3, 2], np.int32),
        "place": np.array([7, 6], np.int64),
    }
)
MANIFEST = {
    "format": 1,
    "split": {"protocol": "by another job"},
}


def ids(names, train, test):
    counts = {"train": train, "validation": [0] * len(names), "test": test}
    return pd.DataFrame({"row": np.arange(2, 2 + len(names), dtype=np.int32), "id": names} | counts)


@pytest.fixture
def folder(tmp_path):
    ids(list("abcd"), [3, 1, 0, 2], [0, 0, 1, 1]).to_parquet(tmp_path / "users.parquet")
    ids(list("xy"), [3, 3], [1, 1]).to_parquet(tmp_path / "items.parquet")
    for name, rows in (("train", TRAIN), ("validation", TRAIN[:0]), ("test", TEST)):
        (tmp_path / name).mkdir()
        # Files and row groups end in the middle of a user.
        for start in range(0, max(len(rows), 1), 4):
            part = rows.iloc[start : start + 4]
            part.to_parquet(tmp_path / name / f"part-{start}.parquet", row_group_size=2)
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    return tmp_path


def test_the_parts_by_user_and_in_time_order(folder):
    split = Prepared(folder).split()
    assert split.protocol == "by another job"
    assert split.train.user.tolist() == [2, 2, 2, 3, 5, 5]
    assert [history.tolist() for history in split.train.histories()] == [
        [], [], [2, 3, 2], [3], [], [2, 3],
    ]  # fmt: skip
    assert split.train.value.tolist() == [1.0] * 6
    assert split.train.users.vocabulary.ids.tolist() == list("abcd")
    assert not len(split.validation)
    some = split.train.of_users([2, 3, 4])
    assert some.user.tolist() == [2, 3, 2, 2] and some.item.tolist() == [2, 3, 3, 2]
    assert split.train.user_counts().tolist() == [0, 0, 3, 1, 0, 2]
    assert split.train.item_counts().tolist() == [0, 0, 3, 3]


def test_all_parts_together(folder, monkeypatch):
    monkeypatch.setattr(stored_columns, "MERGED", 3)
    data = Prepared(folder).interactions()
    assert data.user.tolist() == [2, 2, 2, 3, 4, 5, 5, 5]
    assert data.item.tolist() == [2, 3, 2, 3, 3, 2, 3, 2]
    assert data.place.tolist() == [0, 4, 5, 1, 7, 2, 3, 6]
    assert data.user_counts().tolist() == [0, 0, 3, 1, 1, 3]
    assert data.item_counts().tolist() == [0, 0, 4, 4]


def test_queries_of_some_users(folder):
    queries = Prepared(folder).split().queries("test", [4, 5])
    assert [history.tolist() for history in queries.history] == [[], [2, 3]]
    assert [truth.tolist() for truth in queries.truth] == [[3], [2]]


def test_columns_are_mapped_and_made_again_for_other_parts(folder):
    train = Prepared(folder).split().train
    assert isinstance(train.item.base, np.memmap) and not train.item.flags.writeable
    made = (folder / "arrays" / "train" / "item.npy").stat().st_mtime_ns
    Prepared(folder).split()
    assert (folder / "arrays" / "train" / "item.npy").stat().st_mtime_ns == made
    TEST.assign(item=np.int32([2, 2])).to_parquet(folder / "test" / "part-0.parquet")
    ids(list("xy"), [3, 3], [2, 0]).to_parquet(folder / "items.parquet")
    assert Prepared(folder).split().test.item.tolist() == [2, 2]


def test_a_damaged_map(folder):
    Prepared(folder).split()
    (folder / "arrays" / "train" / "item.npy").write_bytes(b"nothing")
    with pytest.raises(InputError, match="item.npy is damaged: .* Remove the folder"):
        Prepared(folder).split()


@pytest.mark.parametrize("part", ["train", "all"])
@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: np.save(path, np.load(path)[:-1]),
        lambda path: np.save(path, np.load(path).astype(float)),
    ],
    ids=["removed", "empty", "shorter", "another type"],
)
def test_every_column_has_its_map(folder, part, change):
    Prepared(folder).split()
    change(folder / "arrays" / part / "place.npy")
    with pytest.raises(InputError, match="place.npy is damaged: .* Remove the folder"):
        Prepared(folder).split()


def test_changed_counts_are_noticed_behind_maps_that_are_made(folder):
    Prepared(folder).split()
    ids(list("abcd"), [2, 2, 0, 2], [0, 0, 1, 1]).to_parquet(folder / "users.parquet")
    with pytest.raises(InputError, match="not sorted by user .* or users.parquet counts others"):
        Prepared(folder).split()


def test_a_full_disk(folder, monkeypatch):
    monkeypatch.setattr(
        stored_columns.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 9, 0)
    )
    with pytest.raises(InputError, match=r"8 rows x 16 bytes x 2 \(by part, and together\)"):
        Prepared(folder).split()
    assert not (folder / "arrays").exists()


def test_catalogs_of_other_ids(folder):
    with pytest.raises(InputError, match="items.parquet has other ids than the catalog of items"):
        _ = Prepared(folder, items=Catalog(Vocabulary(["y", "x"]))).items
    catalog = Catalog(Vocabulary(["x", "y"]))
    assert Prepared(folder, items=catalog).split().train.items is catalog


@pytest.mark.parametrize(
    "file, change, message",
    [
        ("users", lambda f: f.assign(row=f["row"] + 1), "the rows must be 2, 3, ... in order"),
        ("users", lambda f: f.drop(columns="test"), "no column 'test'; a prepared table has"),
        ("users", lambda f: f.assign(train=[3, 1, 0, 1]), "6 rows, but users.parquet counts 5"),
        ("users", lambda f: f.assign(train=[2, 2, 0, 2]), "not sorted by user and then by place"),
        ("train/part-0", lambda f: f.rename(columns={"place": "p"}), "the columns .* differ"),
        ("train/part-0", lambda f: f.assign(item=1.0), "'item' is float64 or has missing values"),
        ("test/part-0", lambda f: f.assign(item=np.int32([2, 7])), "item 7 has no row in items"),
        ("test/part-0", lambda f: f.assign(item=np.int32([2, 1])), "item 1 has no row in items"),
        ("items", lambda f: f.assign(train=[2, 4]), "3 rows of item 2, but items.parquet counts 2"),
        ("test/part-0", lambda f: f.assign(timestamp=1), "columns .* differ from .* train"),
    ],
)
def test_a_folder_of_another_schema(folder, file, change, message):
    path = folder / f"{file}.parquet"
    change(pd.read_parquet(path)).to_parquet(path)
    with pytest.raises(InputError, match=message):
        Prepared(folder).split()


def test_no_prepared_folder(folder):
    with pytest.raises(InputError, match="no prepared folder, it has no manifest.json"):
        Prepared(folder / "train")
    (folder / "manifest.json").write_text(json.dumps(MANIFEST | {"format": 2}))
    with pytest.raises(InputError, match="expected a prepared folder of format 1"):
        Prepared(folder)
    (folder / "manifest.json").write_text(json.dumps(MANIFEST | {"split": "next-item"}))
    with pytest.raises(InputError, match="has no valid 'split'"):
        Prepared(folder)
    (folder / "manifest.json").write_text(json.dumps(MANIFEST))
    with pytest.raises(InputError, match="part must be one of train, validation, test"):
        Prepared(folder).part("tests")
