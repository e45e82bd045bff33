"""Folders that another job has written, by the schema of docs/out_of_core.md."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasrec.errors import InputError
from kerasrec.out_of_core import Prepared

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
    "mean_value": 1.0,
    "has_labels": True,
    "explicit": False,
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


def test_all_interactions_in_time_order(folder):
    split = Prepared(folder).split()
    assert split.protocol == "by another job"
    assert split.train.user.tolist() == [2, 3, 5, 5, 2, 2]
    assert split.train.item.tolist() == [2, 3, 2, 3, 3, 2]
    assert split.train.value.tolist() == [1.0] * 6
    assert split.test.user.tolist() == [5, 4]
    assert split.train.users.vocabulary.ids.tolist() == list("abcd")
    assert not len(split.validation)


def test_some_users(folder):
    split = Prepared(folder).split([5, 3, 5, 4])
    assert split.train.user.tolist() == [3, 5, 5]
    assert [len(history) for history in split.queries("test").history] == [0, 2]


def test_row_groups_of_other_users_are_not_read(folder, monkeypatch):
    part = Prepared(folder).part("train")
    read, group = [], part.group
    monkeypatch.setattr(part, "group", lambda *a: read.append(a[0]) or group(*a))
    assert part.of_users(np.array([5]))["place"].tolist() == [2, 3]
    assert part.of_users(np.array([4]))["place"].tolist() == []
    assert read == [2]
    assert [len(rows["user"]) for rows in part.chunks(["user"])] == [2, 2, 2]


def test_the_scan_has_the_counts_of_train(folder):
    scan = Prepared(folder).scan()
    assert scan.user_counts().tolist() == [0, 0, 3, 1, 0, 2]
    assert scan.item_counts().tolist() == [0, 0, 3, 3]
    assert (scan.mean_value, scan.has_labels, len(scan.users)) == (1.0, True, 6)


def test_users_that_are_not_there(folder):
    for users in ([1], [6], [-1]):
        with pytest.raises(InputError, match=r"users must be rows in \[2, 6\)"):
            Prepared(folder).split(users)


@pytest.mark.parametrize(
    "file, change, message",
    [
        ("users", lambda f: f.assign(row=f["row"] + 1), "the rows must be 2, 3, ... in order"),
        ("users", lambda f: f.drop(columns="test"), "no column 'test'; a prepared table has"),
        ("users", lambda f: f.assign(train=[3, 1, 0, 1]), "6 rows, but users.parquet counts 5"),
        ("users", lambda f: f.assign(train=[2, 2, 0, 2]), "not sorted by user and then by place"),
        ("train/part-0", lambda f: f.rename(columns={"place": "p"}), "the columns .* differ"),
        ("train/part-0", lambda f: f.assign(item=1.0), "'item' is float64 or has missing values"),
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
    (folder / "manifest.json").write_text(json.dumps(MANIFEST | {"mean_value": "high"}))
    with pytest.raises(InputError, match="has no valid 'mean_value'"):
        Prepared(folder)
    (folder / "manifest.json").write_text(json.dumps(MANIFEST))
    with pytest.raises(InputError, match="part must be one of train, validation, test"):
        Prepared(folder).part("tests")
