import importlib
import json

import pytest

from kerasrec.config import load_config
from kerasrec.errors import InputError
from kerasrec.training import RunFolder, read_data, run
from kerasrec.training.compare.compare import check_comparable, compare

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]

DATA = "data: {path: clicks.csv, history_length: %d}\n"
EVALUATE = "evaluate: {ks: [3, 5], baselines: [Popularity]}\n"
MODELS = {
    "mf": "model: {class: MatrixFactorization, dim: 4}\n"
    "train: {epochs: 1, batch_size: 64, monitor: ndcg@5}\n",
    "knn": "model: {class: ItemKNN}\ntrain: {monitor: ndcg@5}\n",
    "bad": "model: {class: MatrixFactorization, dim: 0}\ntrain: {monitor: ndcg@5}\n",
}


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(users=14)
    for number, (name, text) in enumerate(MODELS.items()):
        (tmp_path / f"{name}.yaml").write_text(DATA % (4 + number) + text + EVALUATE)
    return lambda *names, changes=(): {name: load_config(f"{name}.yaml", changes) for name in names}


def write(users, value=1):
    rows = [
        f"u{u},i{(u + step * (1 + u % 2)) % 12},{value if step == 2 else 1}"
        for u in range(users)
        for step in range(6)
    ]
    with open("clicks.csv", "w") as file:
        file.write("\n".join(["user,item,value", *rows]))


def quiet(configs, folder="out", runs=()):
    lines, notes = [], []
    found = compare(configs, folder, runs, say=lines.append, note=notes.append, progress=False)
    return found, lines, notes


def metrics(folder):
    return [row["metrics"] for row in RunFolder(folder).read_metrics()["rows"]]


@pytest.fixture
def refuse_to_fit(monkeypatch):
    def refuse(config, **arguments):
        raise AssertionError("nothing is to be fitted")

    return lambda: monkeypatch.setattr("kerasrec.training.compare.compare.run", refuse)


def test_each_model_is_fitted_as_it_is_alone_on_data_read_once(load, monkeypatch, refuse_to_fit):
    # By its name: kerasrec.training gives the function in its place.
    module, read = importlib.import_module("kerasrec.training.read_data"), []

    def counted(*arguments):
        read.append(arguments)
        return read_data(*arguments)

    monkeypatch.setattr(module, "read_data", counted)
    configs = load("mf", "knn")
    found, lines, notes = quiet(configs)
    assert len(read) == 1 and notes == [] and not found.failed and not found.stopped
    assert sum("rows read" in line for line in lines) == 1
    assert [row["name"] for row in found.rows] == ["mf", "knn", "Popularity"]
    for row, config in zip(found.rows, configs.values(), strict=False):
        alone, _, _ = run(config, f"alone-{row['name']}", say=lines.append, progress=False)
        assert metrics(alone.path) == metrics(row["run"])
    assert json.loads(open_text("out/comparison.json")) == found.to_dict()
    with open("out/comparison.png", "rb") as file:
        assert file.read(4) == b"\x89PNG"

    # Finished runs of the same configs, by their folder or by the one above; their name is free.
    refuse_to_fit()
    again, lines, _ = quiet(load("mf", "knn", changes=["name=a"]), "again", ["runs"])
    assert again.rows == found.rows
    one, _, _ = quiet(load("knn"), "one", ["alone-knn"])
    assert one.rows[0]["run"] == "alone-knn"
    with pytest.raises(InputError, match="out is neither a run folder nor a folder of runs"):
        quiet(load("knn"), "two", ["out"])
    with pytest.raises(InputError, match="again exists already"):
        quiet(load("knn"), "again", ["runs"])


def open_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_only_an_equal_finished_run_is_reused(load, refuse_to_fit):
    first, _, _ = quiet(load("knn"))
    # Another epoch is another model, where there is something to train.
    changed, lines, _ = quiet(load("knn", changes=["model.shrinkage=1.0"]), "b", ["runs"])
    assert changed.rows[0]["run"] != first.rows[0]["run"]
    # The data has changed, and the test queries with it.
    write(users=13)
    fresh, _, notes = quiet(load("knn", "bad"), "c", ["runs"])
    assert "has other test queries, so knn is fitted again" in notes[0]
    assert fresh.rows[0]["run"] != first.rows[0]["run"]
    assert fresh.about["queries"] != first.about["queries"]
    # A run of before the fingerprint, and a damaged one.
    folder = RunFolder(fresh.rows[0]["run"])
    old = folder.read_metrics()
    del old["queries"]
    folder.write_metrics(old)
    RunFolder(changed.rows[0]["run"]).metrics.write_text("{")
    _, _, notes = quiet(load("knn"), "d", [folder.path, changed.rows[0]["run"]])
    assert len(notes) == 2 and all("not used" in note for note in notes)


FEATURES = """\
data:
  path: clicks.csv
  items: {path: items.csv, id: item, features: {color: {kind: category}}}
model: {class: ContentKNN}
evaluate: {ks: [3], baselines: []}
"""


def test_a_run_on_other_data_is_not_reused(load, tmp_path):
    def items(color):
        rows = [f"i{n},{color if n == 3 else 'red'}" for n in range(12)]
        (tmp_path / "items.csv").write_text("\n".join(["item,color", *rows]))

    items("blue")
    (tmp_path / "content.yaml").write_text(FEATURES)
    first, _, _ = quiet(load("content"))
    again, _, notes = quiet(load("content"), "again", ["runs"])
    assert again.rows[0]["run"] == first.rows[0]["run"] and not notes
    items("red")
    fresh, _, notes = quiet(load("content"), "fresh", [first.rows[0]["run"]])
    assert fresh.rows[0]["run"] != first.rows[0]["run"]
    assert notes[0].startswith("the items or their features changed since runs")
    assert notes[0].endswith("so content is fitted again")
    # Values are no part of the queries, and a model may have learned from them.
    write(users=14, value=2)
    value = ["data.columns.value=value"]
    rated, _, _ = quiet(load("content", changes=value), "rated")
    write(users=14, value=3)
    other, _, notes = quiet(load("content", changes=value), "other", [rated.rows[0]["run"]])
    assert notes == [
        f"the interactions changed since {rated.rows[0]['run']}, so content is fitted again"
    ]
    assert other.about["queries"] == rated.about["queries"]


def test_a_run_from_a_changed_start_is_not_reused(load):
    first, _, _ = quiet(load("mf"), "first")
    start = [f"init_from={first.rows[0]['run']}"]
    one, _, _ = quiet(load("mf", changes=start), "one")
    runs = [one.rows[0]["run"]]
    same, _, notes = quiet(load("mf", changes=start), "same", runs)
    assert same.rows[0]["run"] == runs[0] and not notes
    metadata = RunFolder(first.rows[0]["run"]).checkpoint / "metadata.json"
    metadata.write_text(metadata.read_text().replace('"backend": "', '"backend": "other '))
    _, _, notes = quiet(load("mf", changes=start), "changed", runs)
    assert "the checkpoint that it started from changed since" in notes[0]


def test_a_failing_config_is_named_and_the_others_run(load, monkeypatch):
    found, _, notes = quiet(load("bad", "knn"))
    assert found.failed == {"bad": "dim: expected a whole number from 1, received 0"}
    assert notes == [f"bad failed: {found.failed['bad']}"]
    assert found.rows[0]["name"] == "knn"
    with pytest.raises(InputError, match="no model could be fitted: dim: expected"):
        quiet(load("bad"), "b")

    def choke(config, **arguments):
        if config.model.class_ == "MatrixFactorization":
            raise MemoryError
        return run(config, **arguments)

    monkeypatch.setattr("kerasrec.training.compare.compare.run", choke)
    found, _, notes = quiet(load("mf", "knn"), "c")
    assert found.failed == {"mf": "MemoryError"} and "Traceback" in notes[0]


def test_ctrl_c_compares_what_is_finished(load, monkeypatch):
    def stop(config, **arguments):
        if config.model.class_ == "MatrixFactorization":
            raise KeyboardInterrupt
        return run(config, **arguments)

    monkeypatch.setattr("kerasrec.training.compare.compare.run", stop)
    found, _, _ = quiet(load("knn", "mf"))
    assert found.stopped and [row["name"] for row in found.rows] == ["knn", "Popularity"]
    with pytest.raises(KeyboardInterrupt):
        quiet(load("mf", "knn"), "b")


@pytest.mark.parametrize(
    "change,keys",
    [
        ("data.separator=;", "data.separator"),
        ("split.protocol=random", "split.protocol"),
        ("split={protocol: random, seed: 3}", "split.protocol, split.seed"),
        ("evaluate.ks=[3, 4, 5]", "evaluate.ks"),
        ("evaluate.repeats=allow", "evaluate.repeats"),
        ("evaluate.users=5", "evaluate.users"),
    ],
)
def test_configs_with_other_queries_are_refused(load, change, keys):
    (one,), (other,) = load("knn").values(), load("mf", changes=[change]).values()
    with pytest.raises(InputError, match=f"knn and mf differ in {keys}: only models of the same"):
        check_comparable({"knn": one, "mf": other})
    # How much of a history a model reads is no part of the question.
    check_comparable(load("knn", "mf", changes=["train.seed=1"]))
