import importlib
import json
import re

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrec.config import load_config
from kerasrec.data.splits import PROTOCOLS
from kerasrec.errors import InputError
from kerasrec.models import load
from kerasrec.training import RunFolder, read_data, run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]

# By its name: kerasrec.training gives the function in its place.
RUN = importlib.import_module("kerasrec.training.run")
CONFIG = """\
data:
  path: clicks.csv
  columns: {user: reader, item: book}
  items:
    path: books.csv
    id: book
    title: name
    features: {words: {kind: text, length: 4}}
  history_length: 5
model: {class: MatrixFactorization, dim: 4}
train: {epochs: 2, batch_size: 32, patience: null}
evaluate: {ks: [5, 10], baselines: [Popularity]}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a table, a catalogue and a config, as the working directory."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path, users=20, items=15)
    (tmp_path / "run.yaml").write_text(CONFIG)
    return tmp_path


def write_table(folder, users, items, more=()):
    rng = np.random.default_rng(0)
    rows = [(f"r{u}", f"b{i}") for u in range(users) for i in rng.permutation(items)[:6]]
    pd.DataFrame([*rows, *more], columns=["reader", "book"]).to_csv(
        folder / "clicks.csv", index=False
    )
    books = sorted({book for _, book in [*rows, *more]})
    pd.DataFrame({"book": books, "name": [f"The {b}" for b in books], "words": "red sea"}).to_csv(
        folder / "books.csv", index=False
    )


def quiet(config, **arguments):
    lines = []
    folder, found, _ = run(config, say=lines.append, progress=False, **arguments)
    return folder, found, lines


def test_a_private_table_needs_only_yaml(here):
    folder, found, lines = quiet(load_config("run.yaml", ["name=first"]))
    assert folder.path.as_posix() == "runs/clicks-matrixfactorization-first"
    assert lines[0].startswith("120 rows read, 120 interactions of 20 users with 15 items")
    assert [row["model"] for row in found.rows] == ["MatrixFactorization", "Popularity"]
    unread = "Not read by MatrixFactorization, though the data has it: item feature words."
    assert unread in lines and folder.read_metrics()["reads"] == {"item feature words": None}

    written = json.loads(folder.metrics.read_text())
    assert written["epochs"] == 2 and written["best_epoch"] in (1, 2) and written["seed"] == 0
    assert written["rows"][0]["metrics"].keys() >= {"recall@5", "ndcg@10"}
    assert written["ratings"] is None and written["cpu_cores"] >= 1
    assert 60 * written["minutes"] >= written["fit_seconds"] > 0
    assert re.fullmatch("[0-9a-f]{40}(-dirty)?", written["commit"] or 40 * "0")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", written["started"])
    assert list(written["versions"]) == ["kerasrec", "keras", "tensorflow", "numpy", "python"]
    assert load_config(folder.config).to_dict() == load_config("run.yaml", ["name=first"]).to_dict()
    for name in ("loss.png", "metrics.png", "recall_by_popularity.png"):
        assert (folder.path / name).read_bytes().startswith(b"\x89PNG")
    assert len(folder.history.read_text().splitlines()) == 3

    # The model that is left knows all that happened: nothing of it is recommended again.
    model = load(folder.checkpoint)
    frame = model.recommend(users=["r3"], k=9)
    table = pd.read_csv("clicks.csv")
    read = set(table[table["reader"] == "r3"]["book"])
    assert len(read) == 6 and len(frame) == 9 and not read & set(frame["item"])
    assert frame["title"][0] == f"The {frame['item'][0]}"


@pytest.mark.parametrize("frozen", [False, True])
def test_pictures_of_a_table_need_only_yaml(here, frozen):
    (here / "photos").mkdir()
    for number in range(14):
        pixels = np.full((9, 9, 3), 10 * number, "uint8")
        (here / "photos" / f"{number}.png").write_bytes(tf.io.encode_png(pixels).numpy())
    books = pd.read_csv("books.csv")
    books["photo"] = [f"{number}.png" for number in range(14)] + [None]
    books.to_csv("books.csv", index=False)
    photo, encoder = "{kind: image, folder: photos, size: 8}", "conv2d"
    if frozen:
        layers = [keras.Input((8, 8, 3)), keras.layers.GlobalAveragePooling2D()]
        keras.Sequential(layers).save("net.keras")
        photo, encoder = "{kind: image, folder: photos, backbone: net.keras}", "vectors"
    text = CONFIG.replace("{words: {kind: text, length: 4}}", f"{{photo: {photo}}}")
    text = text.replace("MatrixFactorization, dim: 4", f"ContentBased, dim: 4, encoder: {encoder}")
    (here / "run.yaml").write_text(text)
    folder, _, lines = quiet(load_config("run.yaml"))
    kind = "vector" if frozen else "image"
    assert folder.read_metrics()["reads"] == {"item feature photo": kind}
    assert any("photo" in line and "1" in line for line in lines)  # one book has no picture
    model = load(folder.checkpoint)
    column = np.asarray(model.catalog.tables["photo"]).reshape(17, -1)
    rows = model.items.vocabulary.rows(books["book"].to_numpy(object))
    assert column[rows][:14].any(axis=1).all() and not column[rows[14]].any()
    if frozen:
        np.testing.assert_allclose(column[rows[3]], [1, 30, 30, 30])
    else:
        assert (column[rows[3]] == 30).all()


def test_a_resumed_run_equals_the_whole_one(here, monkeypatch):
    whole, _, _ = quiet(load_config("run.yaml"), run_dir="whole")
    quiet(load_config("run.yaml", ["train.epochs=1"]), run_dir="parts")
    parts, _, _ = quiet(load_config("run.yaml"), run_dir="parts", resume=True)
    assert parts.history.read_text() == whole.history.read_text()
    one, other = (json.loads(folder.metrics.read_text()) for folder in (whole, parts))
    assert [row["metrics"] for row in one["rows"]] == [row["metrics"] for row in other["rows"]]


def test_the_unfinished_run_of_the_same_config_is_found(here):
    config = load_config("run.yaml")
    with pytest.raises(InputError, match="nothing to resume"):
        run(config, resume=True)
    other = RunFolder("runs/clicks-matrixfactorization-2")
    other.create(load_config("run.yaml", ["model.dim=3"]))
    finished = RunFolder("runs/clicks-matrixfactorization-3")
    finished.create(config)
    finished.write_metrics({})
    with pytest.raises(InputError, match="nothing to resume"):
        run(config, resume=True)
    mine = RunFolder("runs/clicks-matrixfactorization-1")
    mine.create(config)
    assert RunFolder.to_resume(config).path == mine.path


def test_resume_refuses_another_config(here):
    RunFolder("there").create(load_config("run.yaml"))
    changed = load_config("run.yaml", ["model.dim=5", "train.epochs=9"])
    with pytest.raises(InputError, match="differs from this config in model.dim: "):
        run(changed, run_dir="there", resume=True)
    with pytest.raises(InputError, match="is not a run folder"):
        run(changed, run_dir="nowhere", resume=True)


def test_a_resumed_run_may_change_what_is_measured(here):
    folder, _, _ = quiet(load_config("run.yaml", ["train.epochs=1"]), run_dir="there")
    folder.metrics.unlink()
    changes = ["evaluate.baselines=[ItemKNN]", "evaluate.ks=[7, 10]", "evaluate.users=3"]
    config = load_config("run.yaml", changes)
    # Every epoch is measured alike: by the cut-offs of the first.
    _, found, _ = quiet(config, run_dir="there", resume=True)
    assert found.ks == (7, 10) and [row["model"] for row in found.rows][1:] == ["ItemKNN"]
    assert found.n_queries == 3 and any("drawn at random" in note for note in found.notes)
    history = pd.read_csv(folder.history)
    assert len(history) == 2 and history.notna().all(axis=None) and "val_ndcg@5" in history
    assert load_config(folder.config).evaluate.ks == [7, 10]
    # The cut-off by which the best epoch was chosen stays.
    with pytest.raises(InputError, match="ks .5. leaves out what there chooses its epoch by"):
        quiet(load_config("run.yaml", ["evaluate.ks=[5]"]), run_dir="there", resume=True)


def test_a_resumed_run_refuses_other_data(here):
    folder, _, _ = quiet(load_config("run.yaml", ["train.epochs=1"]), run_dir="there")
    books = pd.read_csv("books.csv")
    books.assign(words="green hills").to_csv("books.csv", index=False)
    words = r"there began with other data \(the items or their features\)"
    with pytest.raises(InputError, match=words):
        quiet(load_config("run.yaml"), run_dir="there", resume=True)
    assert folder.read_metrics()["epochs"] == 1


@pytest.mark.parametrize(
    "baseline,words",
    [("ContentKNN", "ContentKNN: .*feature"), ("TwoTower", "TwoTower must be trained")],
)
def test_a_baseline_that_fails_does_so_before_the_training(here, monkeypatch, baseline, words):
    monkeypatch.setattr(RUN, "fit", fail)
    changes = ["data.items=null", f"evaluate.baselines=[Popularity, {baseline}]"]
    with pytest.raises(InputError, match=f"baseline {words}"):
        quiet(load_config("run.yaml", changes), run_dir="new")
    assert not (here / "new").exists()


def test_only_plots_may_fail_in_a_finished_run(here, monkeypatch):
    config = load_config("run.yaml", ["train.epochs=1"])

    def choke(*arguments):
        raise RuntimeError("no font")

    with monkeypatch.context() as patch:
        patch.setattr(RUN, "plot_run", choke)
        folder, _, lines = quiet(config, run_dir="plots")
        assert folder.is_finished() and "WARNING: the plots could not be drawn: no font" in lines
    with monkeypatch.context() as patch:
        patch.setattr("kerasrec.models.checkpoints.checkpoint.save", saved_until_tested())
        with pytest.raises(InputError, match="full; the run is not finished.* --resume --run-dir"):
            quiet(config, run_dir="full")
    # The best epoch is there, with the histories of the 80 interactions of train.
    assert not RunFolder("full").is_finished()
    assert len(load("full/checkpoint").histories.items) == 80
    quiet(config, run_dir="full", resume=True)
    one, other = (
        RunFolder(name).read_metrics()["rows"][0]["metrics"] for name in ("plots", "full")
    )
    assert one == other


def saved_until_tested():
    """`save` until there are results for the card, and then a full disk."""
    from kerasrec.models.checkpoints.checkpoint import save

    def saves(model, directory, overwrite, run=None):
        if run is not None:
            raise InputError("full")
        save(model, directory, overwrite, run)

    return saves


def test_default_cutoffs_fit_a_small_catalogue(here):
    write_table(here, users=20, items=6)
    small = "data: {path: clicks.csv, columns: {user: reader, item: book}}\n"
    (here / "small.yaml").write_text(small + "model: {class: Popularity}\n")
    folder, found, lines = quiet(load_config("small.yaml"), run_dir="small")
    assert found.ks == (5, 6)
    assert "The data has 6 items: evaluate.ks is [5, 6], not [5, 10, 20]." in lines
    # What a run writes down can be run.
    again = load_config(folder.config)
    assert (again.evaluate.ks, again.train.monitor) == ([5, 6], "ndcg@6")
    with pytest.raises(InputError, match="asks for 20 items and the data has 6"):
        quiet(load_config("small.yaml", ["evaluate.ks=[5, 10, 20]"]), run_dir="other")
    # And an unwritten config finds it again.
    folder.metrics.unlink()
    quiet(load_config("small.yaml"), run_dir="small", resume=True)


def test_an_existing_folder_is_not_touched(here):
    (here / "there").mkdir()
    (here / "there" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="there exists already"):
        run(load_config("run.yaml"), run_dir="there")
    assert [path.name for path in (here / "there").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "table,overrides,words",
    [
        ("reader,book\nr1,b1\nr1,\n", [], "clicks.csv, row 3, column 'book'"),
        ("reader,book\n", [], "clicks.csv"),
        ("", [], "clicks.csv: the file is empty"),
        ("reader,title\nr1,b1\n", [], "no column 'book'"),
        (None, ["evaluate.ks=[10, 16]"], "the data has 15: lower evaluate.ks"),
        (None, ["split.protocol=time"], "timestamp"),
        (None, ["model.dim=eight"], "model.dim: expected a whole number .*, got .eight"),
        (None, ["split={protocol: k-fold, folds: 0}"], "folds be 2 or more"),
        (None, ["model={class: TwoTower, mlp: 5}"], "model.mlp: expected a list such as .*, got 5"),
        (
            None,
            ["model={class: Hybrid, kernel_sizes: 3}"],
            "model.kernel_sizes: expected a list .*, got 3",
        ),
        (None, ["model={class: Hybrid, dropout: 3}"], "model.dropout: .*rate=3"),
        (None, ["model.dim=0"], "dim: expected a whole number from 1, received 0"),
        (None, ["model.l2=-1"], "l2: expected"),
        (None, ["model.candidates=sampled", "model.num_negatives=0"], "num_negatives: expected"),
        (None, ["model.candidates=pair", "train.loss=bce"], "every value is 1: choose candidates"),
        (None, ["model.candidates=pair", "train.loss=mse"], "every value is 1: choose candidates"),
        (None, ["model.candidates=pair"], "model.candidates to in_batch"),
        (None, ["train.loss=mse"], "train.loss mse .* model.candidates in_batch"),
        (
            None,
            ["split={protocol: random, validation: 0}", "train.patience=3"],
            "no validation interactions",
        ),
        (None, ["split={protocol: random, test: 0}"], "no test interactions"),
        (None, ["train.monitor=rmse"], "model.candidates in_batch predicts none"),
    ],
)
def test_what_is_wrong_in_the_data_leaves_nothing_behind(here, table, overrides, words):
    if table is not None:
        (here / "clicks.csv").write_text(table)
    with pytest.raises(InputError, match=words) as error:
        run(load_config("run.yaml", overrides), say=lambda line: None)
    assert "\n" not in str(error.value) and "\x1b" not in str(error.value)
    assert not (here / "runs").exists()


def test_an_argument_that_fails_inside_a_split_is_named(here, monkeypatch):
    def choke(data, **arguments):
        raise TypeError("no\nmore lines")

    config = load_config("run.yaml")
    monkeypatch.setitem(PROTOCOLS, "next-item", choke)
    with pytest.raises(InputError, match="split: next-item does not take {}: no$"):
        run(config, say=lambda line: None)


def test_wrong_rows_are_dropped_where_the_config_says_so(here):
    with open("clicks.csv", "a") as file:
        file.write("r1,\n")
    config = load_config("run.yaml", ["data.on_error=drop"])
    assert len(read_data(config.data)) == 120
    with pytest.raises(InputError, match="row 122"):
        read_data(load_config("run.yaml").data)
    pd.read_csv("clicks.csv").to_parquet("clicks.parquet")
    config = load_config("run.yaml", ["data.on_error=drop", "data.path=clicks.parquet"])
    assert len(read_data(config.data)) == 120


def fail(*arguments, **named):
    raise InputError("stopped")


def test_a_failure_before_the_first_epoch_leaves_no_folder(here, monkeypatch):
    config = load_config("run.yaml")
    with monkeypatch.context() as patch:
        patch.setattr("kerasrec.models.FiniteLoss.on_train_batch_end", fail)
        with pytest.raises(InputError, match="stopped"):
            run(config, run_dir="new", say=lambda line: None, progress=False)
        assert not (here / "new").exists()
        # One that was there before this command stays.
        RunFolder("old").create(config)
        with pytest.raises(InputError, match="stopped"):
            run(config, run_dir="old", resume=True, say=lambda line: None, progress=False)
        assert (here / "old" / "config.yaml").exists()
    monkeypatch.setattr(
        "kerasrec.models.FiniteLoss.on_epoch_begin",
        lambda self, epoch, logs=None: fail() if epoch else None,
    )
    with pytest.raises(InputError, match="stopped"):
        run(config, run_dir="new", say=lambda line: None, progress=False)
    assert RunFolder("new").checkpoint.exists() and RunFolder("new").state.exists()


def test_an_empty_validation_part_is_refused_before_the_training(here):
    clicks = pd.read_csv("clicks.csv")
    clicks.assign(timestamp=range(len(clicks))).to_csv("clicks.csv", index=False)
    time = [
        "train.patience=3",
        "split={protocol: time, validation: 0}",
        "data.columns.timestamp=timestamp",
    ]
    with pytest.raises(InputError, match="time split leaves no validation interactions"):
        run(load_config("run.yaml", time), run_dir="new", say=lambda line: None)
    assert not (here / "new").exists()
    # A model that only counts needs none.
    counting = [*time, "model={class: Popularity}"]
    _, found, lines = quiet(load_config("run.yaml", counting), run_dir="counted")
    # What the split has to say is said once, beneath the results.
    assert any("interactions have a user or item without any in train" in n for n in found.notes)
    assert not set(found.notes) & set(lines)


def test_without_validation_the_last_epoch_is_kept(here):
    everything = ["split={protocol: random, validation: 0}", "train.patience=null"]
    config = load_config("run.yaml", [*everything, "train.epochs=3"])
    quiet(config, run_dir="all")
    metrics = json.loads((here / "all" / "metrics.json").read_text())
    assert metrics["epochs"] == metrics["best_epoch"] == 3
    history = pd.read_csv(here / "all" / "history.csv")
    assert list(history) == ["epoch", "loss"] and len(history) == 3
    # Going on from the last epoch ends where an uninterrupted run does.
    longer = load_config("run.yaml", [*everything, "train.epochs=4"])
    quiet(longer, run_dir="all", resume=True)
    quiet(longer, run_dir="four")
    resumed, whole = (pd.read_csv(here / name / "history.csv") for name in ("all", "four"))
    pd.testing.assert_frame_equal(resumed, whole)
    ask = {"users": ["r0", "r1"], "items": ["b0", "b1"]}
    one, other = (load(here / name / "checkpoint").score(**ask) for name in ("all", "four"))
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_linear_decay_continues_after_a_resume(here, monkeypatch):
    falling = ["train.decay=linear", "train.optimizer={class: adam, learning_rate: 0.4}"]
    config = load_config("run.yaml", [*falling, "train.epochs=4"])
    quiet(config, run_dir="whole")
    whole = pd.read_csv(here / "whole" / "history.csv")
    np.testing.assert_allclose(whole["learning_rate"], [0.4, 0.3, 0.2, 0.1], rtol=1e-6)

    def stop(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("kerasrec.models.FiniteLoss.on_epoch_begin", stop)
        quiet(config, run_dir="stopped")
    quiet(config, run_dir="stopped", resume=True)
    pd.testing.assert_frame_equal(pd.read_csv(here / "stopped" / "history.csv"), whole)


def test_ratings_are_predicted_beside_the_ranking(here, ratings):
    ratings.to_csv("ratings.csv", index=False)
    (here / "rated.yaml").write_text(
        "data: {path: ratings.csv}\nsplit: {protocol: random}\n"
        "model: {class: MatrixFactorization, dim: 2, candidates: pair}\n"
        "train: {epochs: 4, batch_size: 64, loss: mse, monitor: rmse, patience: null,\n"
        "        optimizer: {class: adam, learning_rate: 0.3}}\n"
        "evaluate: {ks: [5], baselines: [Popularity]}\n"
    )
    config = load_config("rated.yaml")
    folder, found, rated = run(config, run_dir="out", say=lambda line: None, progress=False)
    written = json.loads(folder.metrics.read_text())
    assert written["ratings"] == rated.to_dict()
    rmse = written["ratings"]["rows"][0]["metrics"]["rmse"]
    assert rmse["low"] < rmse["mean"] < rmse["high"]
    assert written["rows"][0]["metrics"].keys() >= {"ndcg@5"} and found.ks == (5,)
    errors = pd.read_csv(folder.history)["val_rmse"]
    assert written["best_epoch"] == 1 + errors.argmin()
    # The epochs differ enough that the largest would have been another.
    assert errors.argmin() != errors.argmax()


@pytest.mark.parametrize("text", ["", "- 1", "{a: [", "\xff"])
def test_a_damaged_config_of_a_run_is_named(here, text):
    config = load_config("run.yaml")
    for path in ("runs/clicks-matrixfactorization-1", "there"):
        RunFolder(path).create(config)
    damaged = RunFolder("runs/clicks-matrixfactorization-2")
    damaged.create(config)
    for folder in (damaged, RunFolder("there")):
        folder.config.write_bytes(text.encode("latin-1"))
    # The whole one is found whatever lies beside it.
    assert RunFolder.to_resume(config).path.name == "clicks-matrixfactorization-1"
    with pytest.raises(InputError, match="there/config.yaml is damaged"):
        run(config, run_dir="there", resume=True)
    with pytest.raises(InputError, match="nothing to resume.*-2/config.yaml is damaged"):
        RunFolder("runs/clicks-matrixfactorization-1").write_metrics({})
        RunFolder.to_resume(config)


def test_fine_tuning_on_a_grown_vocabulary_starts_from_the_old_scores(here):
    old, _, _ = quiet(load_config("run.yaml"), run_dir="old")
    before = load(old.checkpoint)
    users, items = ["r0", "r7", "r19"], ["b3", "b14", "b0"]
    scores = before.score(users=users, items=items)
    # New readers and books, in front: without a base their rows would be the first.
    write_table(here, users=20, items=15, more=[(f"new{n}", "b99") for n in range(3)] * 3)
    table = pd.read_csv("clicks.csv")
    pd.concat([table[120:], table[:120]]).to_csv("clicks.csv", index=False)
    still = ["train.optimizer={class: sgd, learning_rate: 1e-30}", f"init_from={old.path}"]
    new, _, _ = quiet(load_config("run.yaml", still), run_dir="new")
    after = load(new.checkpoint)
    assert len(after.users) == len(before.users) + 3
    assert after.items.vocabulary.ids[:15].tolist() == before.items.vocabulary.ids.tolist()
    # Popularity is part of no score here, so nothing may have changed but what was trained.
    np.testing.assert_allclose(after.score(users=users, items=items), scores, rtol=0, atol=1e-6)


def test_a_last_training_without_validation(here):
    without = ["split={protocol: next-item, validation: false}"]
    with pytest.raises(InputError, match="true to next-item, or set train.patience to null"):
        quiet(load_config("run.yaml", ["train.patience=2", *without]), run_dir="new")
    one, *_ = quiet(load_config("run.yaml"), run_dir="with")
    last, found, _ = quiet(load_config("run.yaml", without), run_dir="last")
    # One more interaction of each of the 20 readers is learned from, and the test is the same.
    assert last.read_metrics()["queries"] == one.read_metrics()["queries"]
    assert "val_loss" not in (last.path / "history.csv").read_text().splitlines()[0]
    assert found.n_queries == 20


TEXTS = ["model={class: Hybrid, dim: 4}", "train.epochs=1", "evaluate.baselines=[]"]


def test_content_from_copies_and_freezes_the_text_encoder(here):
    films, _, _ = quiet(load_config("run.yaml", TEXTS), run_dir="films")
    there = load(films.checkpoint).content_encoder.texts["words"]
    write_table(here, users=20, items=13)  # other items
    frozen = [*TEXTS, "train.seed=3", "content_from=films", "freeze_content=true"]
    books, _, lines = quiet(load_config("run.yaml", frozen), run_dir="books")
    assert "content_from knows 100% of the words of words." in lines
    found = load(books.checkpoint).content_encoder.texts["words"]
    known = slice(2, None)  # the unknown word is each catalogue's own
    vectors = [encoder.table.get_weights()[0][known] for encoder in (there, found)]
    np.testing.assert_array_equal(*vectors)
    for one, other in zip(there.convolutions, found.convolutions, strict=True):
        np.testing.assert_array_equal(one.get_weights()[0], other.get_weights()[0])


def test_a_resumed_run_with_a_frozen_encoder_equals_the_whole_one(here, monkeypatch):
    quiet(load_config("run.yaml", TEXTS), run_dir="films")
    changes = [*TEXTS, "train.seed=3", "content_from=films", "freeze_content=true"]
    config = load_config("run.yaml", [*changes, "train.epochs=2"])
    whole, *_ = quiet(config, run_dir="whole")
    quiet(load_config("run.yaml", changes), run_dir="half")  # one epoch, and then it goes on
    (here / "half" / "metrics.json").unlink()
    resumed, *_ = quiet(config, run_dir="half", resume=True)
    for one, other in zip(
        load(whole.checkpoint).weights, load(resumed.checkpoint).weights, strict=True
    ):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-6, err_msg=one.path)


def test_invalid_combinations_with_content_from(here):
    (here / "films").mkdir()
    with pytest.raises(InputError, match="leave out content_from"):
        load_config("run.yaml", ["content_from=films", "init_from=films"])
    with pytest.raises(InputError, match="freezes what content_from names: give that too"):
        load_config("run.yaml", ["freeze_content=true"])
    with pytest.raises(InputError, match="gone does not exist"):
        load_config("run.yaml", ["content_from=gone"])
    with pytest.raises(InputError, match="content_from: films is neither a run with a checkpoint"):
        quiet(load_config("run.yaml", [*TEXTS, "content_from=films"]), run_dir="new")
    assert not (here / "new").exists()


def test_init_from_another_model_is_refused(here, monkeypatch):
    old, _, _ = quiet(load_config("run.yaml", ["train.epochs=1"]), run_dir="old")
    other = load_config("run.yaml", [f"init_from={old.path}", "model={class: ItemKNN}"])
    with monkeypatch.context() as patch:
        patch.setattr("kerasrec.data.Interactions.from_csv", fail)
        words = "^init_from holds a MatrixFactorization, the config builds a ItemKNN$"
        with pytest.raises(InputError, match=words):
            run(other, run_dir="new", say=lambda line: None)
        other = load_config("run.yaml", [f"init_from={here}"])
        with pytest.raises(InputError, match="neither a run with a checkpoint nor"):
            run(other, run_dir="new", say=lambda line: None)
    other = load_config("run.yaml", [f"init_from={old.checkpoint}", "model.dim=5"])
    with pytest.raises(InputError, match="model"):
        run(other, run_dir="new", say=lambda line: None)
    assert not (here / "new").exists()
