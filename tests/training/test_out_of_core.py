"""Runs on a table that stays on disk against the same runs in memory."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.config import load_config
from kerasrec.data import parquet_parts
from kerasrec.errors import InputError
from kerasrec.models import load
from kerasrec.out_of_core import StoredInteractions
from kerasrec.training import RunFolder, run
from kerasrec.training.read_data import read_split
from kerasrec.training.read_prepared import prepared_folder

pytestmark = pytest.mark.usefixtures("without_graphs")

CONFIG = """\
data:
  path: clicks.parquet
  columns: {user: reader, item: book}
  items:
    path: books.csv
    id: book
    title: name
    features: {genre: {kind: category}}
  history_length: 5
model: {class: Popularity}
train: {epochs: 2, batch_size: 32, patience: null}
evaluate: {ks: [5, 10], baselines: [Popularity]}
"""
ON_DISK = "data.out_of_core=always"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    clicks = pd.DataFrame(
        {
            "reader": [f"r{user}" for user in random.integers(0, 30, 400)],
            "book": [f"b{book}" for book in random.integers(0, 25, 400)],
            "timestamp": random.integers(10**9, 10**9 + 200, 400),
        }
    )
    clicks.to_parquet("clicks.parquet")
    # Books without clicks, in another order, and clicks of a book that is not there.
    books = [f"b{book}" for book in range(29, 2, -1)]
    frame = pd.DataFrame({"book": books, "name": "The " + pd.Series(books), "genre": "ab"})
    frame.assign(genre=["x", "y", "z"] * 9).to_csv("books.csv", index=False)
    (tmp_path / "run.yaml").write_text(CONFIG)
    return tmp_path


def config(*changes):
    return load_config("run.yaml", list(changes))


def quiet(config, **arguments):
    lines = []
    folder, found, _ = run(config, say=lines.append, progress=False, **arguments)
    return folder, found, lines


def test_the_data_is_that_of_memory(here):
    data, split = read_split(config(ON_DISK))
    wanted, parts = read_split(config())
    assert isinstance(split.train, StoredInteractions) and isinstance(data, StoredInteractions)
    for side in ("users", "items"):
        ours, theirs = getattr(data, side), getattr(wanted, side)
        assert ours.vocabulary == theirs.vocabulary
        np.testing.assert_array_equal(ours.titles, theirs.titles)
        for name in theirs.columns:
            np.testing.assert_array_equal(ours.columns[name], theirs.columns[name])
    for ours, theirs in ((data, wanted), (split.train, parts.train), (split.test, parts.test)):
        ours, theirs = ours.histories(), theirs.histories()
        np.testing.assert_array_equal(ours.indptr, theirs.indptr)
        np.testing.assert_array_equal(ours.items, theirs.items)
        np.testing.assert_array_equal(ours.timestamp, theirs.timestamp)
    assert data.report.lines() == wanted.report.lines()


def test_cold_items_are_drawn_of_those_that_occur(here):
    # Books without clicks have rows, too.
    ours, theirs = (
        read_split(config(*one, "split.protocol=cold-items"))[1] for one in ([ON_DISK], [])
    )
    for name in ("train", "validation", "test"):
        found = getattr(ours, name).in_time_order().item
        np.testing.assert_array_equal(found, getattr(theirs, name).item)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["ItemKNN", "MatrixFactorization"])
def test_a_run_has_the_results_of_memory(here, model):
    changes = [f"model.class={model}"]
    folder, found, _ = quiet(config(ON_DISK, *changes), run_dir="disk")
    _, wanted, _ = quiet(config(*changes), run_dir="memory")
    for ours, theirs in zip(found.rows, wanted.rows, strict=True):
        assert ours["model"] == theirs["model"]
        for name, value in theirs["metrics"].items():
            np.testing.assert_allclose(ours["metrics"][name]["mean"], value["mean"], rtol=1e-4)
    queries = [RunFolder(one).read_metrics()["queries"] for one in ("disk", "memory")]
    assert queries[0] == queries[1]
    models = [load(f"{one}/checkpoint") for one in ("disk", "memory")]
    for user in ("r3", "r7"):
        ours, theirs = (one.recommend(users=[user], k=5) for one in models)
        assert ours["item"].tolist() == theirs["item"].tolist()


def test_the_table_is_prepared_once(here):
    folder = prepared_folder(config(ON_DISK))
    read_split(config(ON_DISK))
    made = (folder / "manifest.json").stat().st_mtime_ns
    data, _ = read_split(config(ON_DISK))
    # The model's catalogs, as `kerasrec evaluate` gives them.
    read_split(config(ON_DISK), base=(data.users, data.items, None))
    assert (folder / "manifest.json").stat().st_mtime_ns == made
    assert prepared_folder(config(ON_DISK, "split.validation=false")) != folder
    assert str(prepared_folder(config(ON_DISK, "data.prepared=there"))) == "there"


def test_a_folder_that_is_prepared_already(here):
    read_split(config(ON_DISK, "data.prepared=there"))
    ready = ["data={prepared: there}", "model.class=Popularity"]
    data, split = read_split(config(*ready))
    assert data.name == "there" and len(split.test) == len(read_split(config())[1].test)
    same, _ = read_split(config(*ready), base=(data.users, data.items, None))
    assert same.items is data.items
    with pytest.raises(InputError, match="was split by 'next-item', and split.protocol is 'time'"):
        read_split(config(*ready, "split.protocol=time"))
    with pytest.raises(InputError, match="items.parquet has other ids than the catalog of items"):
        read_split(config(*ready), base=(data.users, data.users, None))
    with pytest.raises(InputError, match="columns, items, users and clean are for a table that is"):
        config("data={prepared: there, columns: {user: reader}}")
    with pytest.raises(InputError, match="gone does not exist"):
        config("data={prepared: gone}")


def test_auto_leaves_on_disk_what_does_not_fit(here, monkeypatch):
    assert not isinstance(read_split(config())[0], StoredInteractions)
    monkeypatch.setattr(parquet_parts, "free_memory", lambda: 100)
    assert isinstance(read_split(config())[0], StoredInteractions)
    monkeypatch.setattr("kerasrec.data.reading_memory.free_memory", lambda: 100)
    with pytest.raises(InputError, match="400 rows x .* leave the table on disk: `data.out_of"):
        read_split(config("data.out_of_core=never"))


def test_rows_of_an_earlier_model_stay(here):
    data, _ = read_split(config(ON_DISK))
    more = pd.DataFrame({"reader": ["new", "r1"], "book": ["b3", "later"], "timestamp": 2 * 10**9})
    clicks = pd.concat([more, pd.read_parquet("clicks.parquet")])
    clicks.to_parquet("clicks.parquet")
    grown, _ = read_split(config(ON_DISK), base=(data.users, data.items, None))
    assert grown.users.vocabulary.ids.tolist() == [*data.users.vocabulary.ids, "new"]
    assert grown.items.vocabulary.ids.tolist() == [*data.items.vocabulary.ids, "later"]


def test_a_cleaned_query_from_a_config(here):
    (here / "clicks.csv").write_text(pd.read_parquet("clicks.parquet").to_csv(index=False))
    changes = [
        "data.path=null",
        "data.sql=select * from 'clicks.csv'",
        "data.clean.start=1000000050",
    ]
    data, split = read_split(config(ON_DISK, *changes))
    wanted, parts = read_split(config(*changes))
    assert isinstance(data, StoredInteractions) and data.report.dropped == wanted.report.dropped
    np.testing.assert_array_equal(data.histories().items, wanted.histories().items)
    np.testing.assert_array_equal(split.test.in_time_order().item, parts.test.item)
    # Ids that are known stay, also those without rows.
    grown, _ = read_split(config(ON_DISK, *changes), base=(data.users, data.items, None))
    assert grown.users.vocabulary == data.users.vocabulary


def test_defaults_that_only_memory_can_afford(here):
    text = CONFIG.replace("evaluate: {ks: [5, 10], baselines: [Popularity]}", "")
    (here / "run.yaml").write_text(text)
    folder, found, lines = quiet(config(ON_DISK), run_dir="disk")
    said = "The table stays on disk: evaluate.users is 100000, evaluate.baselines is ['Popularity']"
    assert [line for line in lines if line.startswith(said)]
    assert [row["model"] for row in found.rows] == ["Popularity"]
    # `kerasrec evaluate` reads the config of the run: the table is not prepared again.
    assert prepared_folder(load_config(folder.config)) == prepared_folder(config(ON_DISK))


def test_users_are_drawn_as_in_memory(here):
    found = [quiet(config(one, "evaluate.users=7"), run_dir=f"run{i}")[1]
             for i, one in enumerate((ON_DISK, "data.out_of_core=never"))]  # fmt: skip
    assert found[0].n_queries == found[1].n_queries == 7
    means = [
        {name: value["mean"] for name, value in one.rows[0]["metrics"].items()} for one in found
    ]
    assert means[0] == means[1]
    assert "Ranked for 7 of" in " ".join(found[0].notes)


@pytest.mark.parametrize(
    "change, message",
    [
        ("data.on_error=drop", "data.on_error: drop reads the table into memory"),
        ("split.protocol=sampled", "data.out_of_core: The split sampled cannot be prepared"),
        ("data.path=books.csv", "give, instead of data.path, data.sql: select . from read_csv"),
        ("data.items.id=name", "None of the 27 .* occur in clicks.parquet, column 'book'"),
    ],
)
def test_what_only_memory_can_do(here, change, message):
    with pytest.raises(InputError, match=message):
        read_split(config(ON_DISK, change))


def test_the_wrong_table_of_items_is_noticed_before_preparing(here):
    with pytest.raises(InputError, match="None of the 27 .* of books.csv"):
        read_split(config(ON_DISK, "data.items.id=name"))
    assert not (here / "runs").exists()


def test_keys_that_do_not_fit_together(here):
    for changes, message in (
        (["data.prepared=there", "data.out_of_core=never"], "prepared is the folder of a table"),
        (["data.out_of_core=sometimes"], "'auto', 'always' or 'never'"),
    ):
        with pytest.raises(InputError, match=message):
            config(*changes)
