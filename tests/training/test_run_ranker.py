"""`kerasrec fit` and the commands after it, on a table of impressions with a planted rule."""

import io
import json
import pathlib

import numpy as np
import pandas as pd
import pytest
import rich.console
import yaml

from kerasrec.cli import main
from kerasrec.config import load_config
from kerasrec.data import parquet_parts
from kerasrec.errors import InputError
from kerasrec.evaluation.impressions import evaluate_ranker
from kerasrec.models import load
from kerasrec.out_of_core import StoredImpressions
from kerasrec.training import RunFolder, run
from kerasrec.training.compare.compare import compare
from kerasrec.training.compare.comparison_table import comparison_table
from kerasrec.training.read_impression_split import read_impression_split, read_impressions
from kerasrec.training.tune.tune import tune

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]

CONFIG = """\
data:
  path: clicks.csv
  history_length: 6
  impressions: {path: shown.csv, columns: {user: who}}
  items: {path: books.csv, features: {genre: {kind: category}}}
  labels: {click: {}, stay: {kind: seconds}}
  context: {hour: {kind: category}, age: {kind: number}}
  crosses:
    taste: {columns: [item, hour]}
    rate: {columns: [item], label: click}
model: {class: ranker_under_test.SmallRanker, reads_history: true}
train: {epochs: 2, batch_size: 128, optimizer: {class: adam, learning_rate: 0.2}}
evaluate: {ks: [1, 2], baselines: [MeanRates]}
"""
TRUST = ["model.trust=true"]


def shown(size=600, seed=0):
    """Clicks are likely for the items with even numbers in the morning, and for others at night."""
    random = np.random.default_rng(seed)
    item, hour = random.integers(0, 8, size), random.choice(["morning", "night"], size)
    liked = (item % 2 == 0) == (hour == "morning")
    click = random.random(size) < np.where(liked, 0.8, 0.1)
    return pd.DataFrame(
        {
            "who": [f"u{n}" for n in random.integers(0, 12, size)],
            "item": [f"i{n}" for n in item],
            "request": [f"r{n // 4}" for n in range(size)],
            "timestamp": 1000 + np.arange(size) // 4,
            "position": 1 + np.arange(size) % 4,
            "hour": hour,
            "age": random.integers(10, 60, size),
            "click": np.where(random.random(size) < 0.1, None, click.astype(int)),
            "stay": np.where(click, random.integers(1, 30, size), 0),
            "propensity": random.choice([0.25, 0.5], size),
            "fold": np.digitize(np.arange(size), [400, 500]),
        }
    )


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(pathlib.Path(__file__).parent))
    random = np.random.default_rng(1)
    clicks = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, 12, 200)],
            "item": [f"i{n}" for n in random.integers(0, 9, 200)],
            "timestamp": random.integers(900, 1200, 200),
        }
    )
    clicks.to_csv("clicks.csv", index=False)
    shown().to_csv("shown.csv", index=False)
    books = pd.DataFrame({"item": [f"i{n}" for n in range(9)], "genre": list("aabbccabc")})
    books.to_csv("books.csv", index=False)
    (tmp_path / "run.yaml").write_text(CONFIG)
    return tmp_path


def config(*overrides, change=None):
    if change is not None:
        plain = yaml.safe_load(CONFIG)
        change(plain)
        pathlib.Path("run.yaml").write_text(yaml.safe_dump(plain))
    return load_config("run.yaml", [*TRUST, *overrides])


def quiet(config, **arguments):
    lines = []
    folder, found, _ = run(config, say=lines.append, progress=False, **arguments)
    return folder, found, lines


def test_from_tables_to_metrics_and_answers(here, capsys):
    folder, found, lines = quiet(config("name=first"))
    assert folder.path.as_posix() == "runs/shown-smallranker-first"
    assert lines[0] == "600 rows read, 600 impressions of 8 items to 12 users in 150 requests."
    assert [row["model"] for row in found.rows] == ["SmallRanker", "MeanRates"]
    assert found.protocol == "time" and found.part == "test" and found.n_rows == 60
    metrics = {name: value["mean"] for name, value in found.rows[0]["metrics"].items() if value}
    # The rule is in the data: the best possible AUC is near 0.85, the baseline cannot see it.
    assert metrics["click.auc"] > 0.7 > found.rows[1]["metrics"]["click.auc"]["mean"]
    assert {"click.log_loss", "click.ndcg@1", "stay.rmse", "click.request_auc"} <= metrics.keys()
    written = json.loads(folder.metrics.read_text())
    assert written["rows"][0]["metrics"]["click.auc"]["mean"] == metrics["click.auc"]
    assert written["reliability"]["click"] and written["given"]["interactions"]
    for name in ("loss.png", "reliability_click.png"):
        assert (folder.path / name).read_bytes().startswith(b"\x89PNG")
    head = folder.history.read_text().splitlines()[0]
    assert "val_click.auc" in head and "val_auc" in head

    # The model that is left knows all that was done, also after the last impression.
    model = load(folder.checkpoint, trust=True)
    clicks = pd.read_csv("clicks.csv")
    seen = set(clicks[clicks["user"] == "u3"]["item"])
    assert clicks["timestamp"].max() > shown()["timestamp"].max()
    answer = model.recommend(["u3"], k=9, context={"hour": "morning", "age": 30})
    assert set(answer["item"]) == {f"i{n}" for n in range(9)} - seen

    capsys.readouterr()
    assert main(["evaluate", str(folder.path), "--trust", "--json"]) == 0
    out, error = capsys.readouterr()
    again = json.loads(out)
    assert "not those" not in error
    assert [row["metrics"] for row in again["rows"]] == [row["metrics"] for row in written["rows"]]
    assert main(["evaluate", str(folder.path), "--trust", "--part", "validation"]) == 0
    assert "click.auc" in capsys.readouterr().out
    assert main(["recommend", str(folder.path), "--user", "u3", "-k", "2", "--trust"]) == 0
    out, error = capsys.readouterr()
    assert "i" in out and "hour, age not given" in error

    with open("shown.csv", "a") as file:
        file.write("u1,i1,r999,1149,1,night,30,1,4,0.5,2\n")
    assert main(["evaluate", str(folder.path), "--trust", "--json"]) == 0
    assert "The impressions are not those that" in capsys.readouterr().err


def test_a_resumed_run_equals_the_whole_one(here):
    whole, _, _ = quiet(config(), run_dir="whole")
    quiet(config("train.epochs=1"), run_dir="parts")
    parts, _, _ = quiet(config(), run_dir="parts", resume=True)
    assert parts.history.read_text() == whole.history.read_text()
    one, other = (json.loads(folder.metrics.read_text()) for folder in (whole, parts))
    assert [row["metrics"] for row in one["rows"]] == [row["metrics"] for row in other["rows"]]
    table = shown()
    table.loc[0, "age"] += 1
    table.to_csv("shown.csv", index=False)
    with pytest.raises(InputError, match="began with other data"):
        quiet(config("train.epochs=3"), run_dir="whole", resume=True)


def without_seconds(folder):
    """The results of a run, without what a second run may need another time for."""
    rows = folder.read_metrics()["rows"]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_the_same_seed_gives_the_same_result(here):
    one, again = (without_seconds(quiet(config("train.epochs=1"))[0]) for _ in range(2))
    assert one == again


def test_the_order_of_the_rows_does_not_change_what_a_ranker_measures(here):
    folder = quiet(config("train.epochs=1"))[0]
    ranker, found = load(folder.checkpoint, trust=True), []
    for order in (np.arange(600), np.random.default_rng(0).permutation(600)):
        shown().iloc[order].to_csv("shown.csv", index=False)
        _, split = read_impression_split(config(), model=ranker)
        evaluation = evaluate_ranker(ranker, split, "test", ks=[1, 2])
        assert evaluation.n_queries == folder.read_metrics()["n_queries"]
        metrics = evaluation.rows[0]["metrics"]
        found.append({name: one["mean"] for name, one in metrics.items() if one})
    assert found[1] == pytest.approx(found[0], rel=1e-6)
    expected = folder.read_metrics()["rows"][0]["metrics"]
    assert found[0] == pytest.approx({name: expected[name]["mean"] for name in found[0]}, rel=1e-6)


def test_impressions_of_several_files(here):
    whole = read_impressions(config().data)
    shown()[:250].to_csv("shown-1.csv", index=False)
    shown()[250:].to_csv("shown-2.csv", index=False)
    parts = read_impressions(config("data.impressions.path=shown-*.csv").data)
    assert len(parts) == len(whole) == 600
    for name in ("user", "item", "request", "timestamp"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
    np.testing.assert_array_equal(parts.labels["click"], whole.labels["click"])
    with pytest.raises(InputError, match=r"nothing-\*\.csv"):
        config("data.impressions.path=nothing-*.csv")


def test_without_a_split_everything_is_trained_on(here, capsys):
    folder, found, lines = quiet(config("split.protocol=none"))
    assert found is None
    assert "Everything was trained on: nothing is left to measure on." in lines
    assert load(folder.checkpoint, trust=True).trained_on is not None
    capsys.readouterr()
    assert main(["evaluate", str(folder.path), "--trust"]) == 2
    assert "was trained on all interactions (split none)" in capsys.readouterr().err


def test_impressions_need_no_interactions_and_no_users(here):
    def alone(plain):
        data = plain["data"]
        del data["path"], data["items"]
        data["impressions"]["columns"] = {"request": "request"}
        data["labels"] = {"click": {}}
        plain["model"]["reads_history"] = False

    folder, found, _ = quiet(config("split.protocol=request", change=alone))
    assert found.protocol == "request"
    assert found.rows[0]["metrics"]["click.auc"]["mean"] > 0.7


def test_positions_and_propensities(here):
    given = ("model.position=true", "train.inverse_propensity=true", "split.protocol=given")
    folder, found, _ = quiet(config(*given, "train.loss_weights={click: 1, stay: 0.1}"))
    assert found.n_rows == 100 and {one["by"] for one in found.groups} >= {"position", "item"}
    text = CONFIG.replace("shown.csv, ", "nameless.csv, ")
    shown().drop(columns="propensity").to_csv("nameless.csv", index=False)
    pathlib.Path("run.yaml").write_text(text)
    with pytest.raises(InputError, match="train.inverse_propensity needs the propensity of each"):
        quiet(config("train.inverse_propensity=true"))


def constant(part, value):
    """The table with one label in a part of the given split."""
    table = shown()
    table.loc[table["fold"] == part, "click"] = value
    table.to_csv("shown.csv", index=False)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        (0, 1, "every label click is 1 in the train part"),
        (0, None, "no row has a click in the train part"),
        (1, 1, "train.monitor click.auc is not defined on the validation part: .*all labels are 1"),
        (1, None, "train.monitor click.auc is not defined on the validation .*there is no label"),
    ],
)
def test_a_label_that_is_constant_in_a_part_is_refused(here, part, value, message):
    constant(part, value)
    with pytest.raises(InputError, match=message):
        quiet(config("split.protocol=given"))
    assert not list(pathlib.Path("runs").glob("*/metrics.json"))


def test_a_label_that_is_constant_in_the_test_part_is_noted(here):
    constant(2, 1)
    _, found, _ = quiet(config("split.protocol=given", "train.epochs=1"))
    assert found.rows[0]["metrics"]["click.auc"] is None
    assert found.rows[0]["metrics"]["click.log_loss"]["mean"] > 0
    assert any("all labels are 1" in note for note in found.notes)


def test_models_of_the_other_kind_are_refused(here):
    with pytest.raises(InputError, match="model.class SASRec learns from interactions, and this"):
        quiet(config(change=lambda plain: plain.update(model={"class": "SASRec"})))

    def no_impressions(plain):
        plain["data"] = {"path": "clicks.csv"}
        plain["evaluate"], plain["train"] = {"ks": [5]}, {}

    with pytest.raises(InputError, match="a ranker learns from impressions, and this schema"):
        quiet(config("model.reads_history=false", change=no_impressions))


def test_a_history_without_interactions_is_refused(here):
    def alone(plain):
        del plain["data"]["path"]

    with pytest.raises(InputError, match="'history' needs what users did before each row"):
        quiet(config(change=alone))


def test_a_ranker_starts_from_a_run_with_less_data(here):
    def without_rate(plain):
        del plain["data"]["crosses"]["rate"]  # its counts are those of the new data

    old_table = shown()[:400]
    old_table.to_csv("shown.csv", index=False)
    old, _, _ = quiet(config("train.calibrate=platt", change=without_rate), run_dir="old")
    new_rows = {"who": "u99", "item": "i8", "hour": "noon"}
    table = pd.concat([shown().head(1).assign(timestamp=1, **new_rows), shown()])
    table.to_csv("shown.csv", index=False)
    still = ["train.optimizer={class: sgd, learning_rate: 1e-30}", "init_from=old"]
    new, _, lines = quiet(config(*still, change=without_rate), run_dir="new")
    assert not any(line.startswith("WARNING") for line in lines)
    before, after = (load(one.checkpoint, trust=True) for one in (old, new))
    hours = [one.context["hour"].vocabulary.ids.tolist() for one in (before, after)]
    assert hours[1] == [*hours[0], "noon"]
    assert after.items.vocabulary.ids[:9].tolist() == before.items.vocabulary.ids.tolist()
    assert json.loads(new.metrics.read_text())["given"]["start"]

    asked = {
        "users": [f"u{n}" for n in range(12)],
        "items": [f"i{n % 8}" for n in range(12)],
        "context": {"hour": ["morning", "night"] * 6, "age": [30] * 12},
    }
    before.calibrations.fit(before, None, "none")  # a start is calibrated anew
    np.testing.assert_allclose(after.score(**asked), before.score(**asked), rtol=1e-5)


def test_a_start_that_saw_the_test_part_is_refused(here):
    # Each pair is shown once, so that those of the test part are not in train.
    table = shown(96).assign(who=[f"u{n // 8}" for n in range(96)])
    table.assign(item=[f"i{n % 8}" for n in range(96)]).to_csv("shown.csv", index=False)
    quiet(config("split.protocol=random", "split.seed=0"), run_dir="old")
    words = "init_from: old.checkpoint was trained on .* pairs of the test part"
    with pytest.raises(InputError, match=words):
        quiet(config("split.protocol=random", "split.seed=1", "init_from=old"), run_dir="new")


def test_a_search_tries_values_on_the_validation_part(here):
    lines, notes = [], []
    found = tune(
        config("tune={trials: 2, parameters: {model.dim: [2, 3]}}", "train.epochs=1"),
        "search",
        say=lines.append,
        note=notes.append,
        progress=False,
    )
    assert found["monitor"] == "click.auc" and found["states"]["complete"] == 2, notes
    assert found["best"]["value"] == max(trial["value"] for trial in found["trials"])
    tuned = load_config("search/tuned.yaml", TRUST)
    assert tuned.model.arguments["dim"] in (2, 3)


def test_a_comparison_of_rankers(here, monkeypatch):
    configs = {"one": config("train.epochs=1"), "other": config("train.epochs=1", "model.dim=2")}
    found = compare(configs, "out", say=str, note=str, progress=False)
    tasks = ["click.auc", "click.ndcg@2", "click.log_loss", "stay.rmse"]
    assert list(found.quality) == tasks and not found.failed
    assert [row["name"] for row in found.rows] == ["one", "other", "MeanRates"]
    metrics = [json.loads((RunFolder(row["run"]).metrics).read_text()) for row in found.rows[:2]]
    for row, alone in zip(found.rows, metrics, strict=False):
        assert row["metrics"] == alone["rows"][0]["metrics"]
    # Errors are best where they are smallest.
    for name, pick in (("click.auc", max), ("click.log_loss", min), ("stay.rmse", min)):
        means = {row["name"]: row["metrics"][name]["mean"] for row in found.rows}
        assert means[found.best()[name][0]] == pick(means.values())
    console = rich.console.Console(width=100, record=True, file=io.StringIO())
    console.print(comparison_table(found))
    text = console.export_text()
    assert f"{metrics[0]['n_rows']:,} rows, {metrics[0]['n_queries']:,} requests" in text
    assert "click" in text and "log_loss" in text and "other" in text
    assert "other - one" in text
    (difference,) = found.differences
    assert (difference["name"], difference["minus"]) == ("other", "one")
    assert list(difference["metrics"]) == tasks
    one, other = (row["metrics"] for row in found.rows[:2])
    for name, value in difference["metrics"].items():
        assert value["mean"] == pytest.approx(other[name]["mean"] - one[name]["mean"], abs=1e-6)
        assert value["low"] < value["high"]
    assert json.loads((here / "out/comparison.json").read_text())["differences"][0] == difference
    assert {"comparison.json", "comparison.png"} <= {path.name for path in here.glob("out/*")}

    def refuse(*_, **__):
        raise AssertionError("nothing is to be fitted")

    # Finished runs of the same data are taken as they are.
    monkeypatch.setattr("kerasrec.training.compare.ranker_runs.run", refuse)
    again = compare(configs, "again", ["runs"], say=str, note=str, progress=False)
    assert again.rows == found.rows
    shown(seed=1).to_csv("shown.csv", index=False)
    notes = []
    with pytest.raises(InputError, match="no model could be fitted: nothing is to be fitted"):
        compare(configs, "third", ["runs"], say=str, note=notes.append, progress=False)
    assert notes[0].startswith("the interactions changed since runs")


def test_rankers_with_other_test_rows_are_not_compared(here):
    weights = config("train.epochs=1", "train.inverse_propensity=true")
    notes = []
    configs = {"plain": config("train.epochs=1"), "weighted": weights}
    found = compare(configs, "out", say=str, note=notes.append, progress=False)
    assert [row["name"] for row in found.rows] == ["plain", "MeanRates"]
    assert "has other test rows than" in found.failed["weighted"]


@pytest.mark.parametrize("change", ["evaluate.ks=[1]", "split={protocol: given}"])
def test_rankers_of_other_questions_are_not_compared(here, change):
    with pytest.raises(InputError, match="one and other differ in"):
        compare({"one": config(), "other": config(change)}, "out", progress=False)


ON_DISK = "data.out_of_core=always"


@pytest.mark.parametrize("split", ["time", "request"])
def test_a_run_on_disk_has_the_results_of_memory(here, split, capsys):
    changes = [f"split.protocol={split}", "train.inverse_propensity=true"]
    folder, found, lines = quiet(config(ON_DISK, *changes, "name=disk"))
    _, wanted, said = quiet(config(*changes, "name=memory"))
    # Only the trainable weights and the folder of the run are said after these.
    assert lines[:-1] == said[:-1]
    for ours, theirs in zip(found.rows, wanted.rows, strict=True):
        for name, value in theirs["metrics"].items():
            if value is not None:
                assert ours["metrics"][name]["mean"] == pytest.approx(value["mean"], abs=1e-5)
    runs = [pathlib.Path(f"runs/shown-smallranker-{one}") for one in ("disk", "memory")]
    given = [json.loads((one / "data.json").read_text()) for one in runs]
    assert given[0] == given[1]
    # `kerasrec evaluate` reads the same folder, with the model's catalogs and encoders.
    (prepared,) = pathlib.Path("runs/prepared").iterdir()
    made = (prepared / "manifest.json").stat().st_mtime_ns
    capsys.readouterr()
    assert main(["evaluate", str(folder.path), "--trust", "--json"]) == 0
    out, error = capsys.readouterr()
    assert "not those" not in error
    for ours, theirs in zip(json.loads(out)["rows"], found.rows, strict=True):
        assert ours["metrics"] == theirs["metrics"]
    assert (prepared / "manifest.json").stat().st_mtime_ns == made


def test_parquet_that_does_not_fit_stays_on_disk(here, monkeypatch):
    shown().to_parquet("shown.parquet")
    changes = ["data.impressions.path=shown.parquet"]
    assert not isinstance(read_impression_split(config(*changes))[0], StoredImpressions)
    with monkeypatch.context() as patch:
        patch.setattr(parquet_parts, "free_memory", lambda: 100)
        assert isinstance(read_impression_split(config(*changes))[0], StoredImpressions)
    split = read_impression_split(config(ON_DISK, "data.prepared=here", *changes))[1]
    assert isinstance(split.train, StoredImpressions) and pathlib.Path("here/columns").is_dir()
    query = {"path": None, "sql": "select * from 'shown.parquet'"}
    found = read_impression_split(
        config(ON_DISK, change=lambda plain: plain["data"]["impressions"].update(query))
    )[0]
    assert isinstance(found, StoredImpressions) and len(found) == 600


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["data.on_error=drop"], "data.on_error: drop reads the table into memory"),
        (["train.loss={click: list_softmax}"], "the loss of click compares the items of a request"),
        (["data.out_of_core=never", "data.prepared=x"], "prepared is the folder of a table that"),
    ],
)
def test_what_only_memory_can_do_is_refused(here, changes, message):
    with pytest.raises(InputError, match=message):
        run(config(ON_DISK, *changes), say=lambda line: None, progress=False)


def test_a_label_that_is_constant_in_train_is_refused_on_disk(here):
    table = shown().assign(click=(np.arange(600) >= 500).astype(int))
    table.to_csv("shown.csv", index=False)
    with pytest.raises(InputError, match="every label click is 0 in the train part"):
        run(config(ON_DISK), say=lambda line: None, progress=False)
