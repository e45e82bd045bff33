"""`kerasrec fit` of interactions with features of their requests, and the commands after it."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasrec.cli import main
from kerasrec.config import load_config
from kerasrec.errors import InputError
from kerasrec.export.export import _make_index
from kerasrec.export.search import IVFIndex
from kerasrec.models import TwoStage, load
from kerasrec.training import run
from kerasrec.training.read_data import read_split

CONFIG = """\
data:
  path: clicks.csv
  history_length: 4
  context: {hour: {kind: category}, query: {kind: text, column: search}}
model: {class: TwoTower, dim: 4, candidates: all}
train: {epochs: 1, batch_size: 64, monitor: ndcg@2}
evaluate: {ks: [2], repeats: allow, baselines: [Popularity]}
"""
BOTH = """\
data:
  path: clicks.csv
  impressions: {path: shown.csv}
  context: {hour: {kind: category}, query: {kind: text, column: search}}
model:
  class: kerasrec.models.TwoStage
  retriever: runs/first
  ranker: {class: FactorizationMachine, dim: 4}
  num_candidates: 4
train: {epochs: 1, batch_size: 64}
evaluate: {ks: [1], baselines: []}
"""
DRAWN = """\
data: {path: clicks.csv, impressions: {negatives: 2}, context: {hour: {kind: category}}}
model: {class: FactorizationMachine, dim: 4}
train: {epochs: 1, batch_size: 64, monitor: click.auc}
evaluate: {ks: [1], baselines: []}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    hour = random.choice(["morning", "night"], 300)
    table = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, 12, 300)],
            "item": [f"i{n}" for n in random.integers(0, 30, 300)],
            "timestamp": 1_700_000_000 + np.arange(300),
            "hour": hour,
            "search": [f"at {one}" for one in hour],
            "click": random.integers(0, 2, 300),
        }
    )
    table.to_csv("shown.csv", index=False)
    table[table["click"] == 1].drop(columns="click").to_csv("clicks.csv", index=False)
    for name, text in (("first", CONFIG), ("both", BOTH), ("drawn", DRAWN)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def quiet(name, *changes, run_dir=None):
    lines = []
    config = load_config(f"{name}.yaml", list(changes))
    return *run(config, run_dir or f"runs/{name}", say=lines.append, progress=False), lines


@pytest.mark.slow
@pytest.mark.usefixtures("without_graphs")
def test_a_run_and_the_commands_after_it(here, capsys):
    folder, found, _, lines = quiet("first")
    assert any("TwoTower reads" in line and "context hour (category)" in line for line in lines)
    assert folder.read_metrics()["reads"]["context query"] == "text"
    model = load(folder.checkpoint)
    assert list(model.context) == ["hour", "query"]

    assert main(["evaluate", "runs/first", "--json"]) == 0
    printed = capsys.readouterr()
    again = json.loads(printed.out)
    for row, expected in zip(again["rows"], found.rows, strict=True):
        assert row["metrics"]["ndcg@2"]["mean"] == expected["metrics"]["ndcg@2"]["mean"]
    assert "have changed since" not in printed.out + printed.err

    asked = ["--context", "hour=night", "--context", "query=at night", "-k", "2", "--json"]
    assert main(["recommend", "runs/first", "--user", "u3", *asked]) == 0
    rows = json.loads(capsys.readouterr().out)["recommendations"]
    context = {"hour": "night", "query": "at night"}
    expected = model.recommend(["u3"], k=2, context=context)
    assert [row["item"] for row in rows] == list(expected["item"])

    more = pd.read_csv("clicks.csv")
    late = more[:60].assign(timestamp=1_800_000_000, hour="noon", search="at noon")
    pd.concat([more, late.drop_duplicates(["user", "item"])]).to_csv("clicks.csv", index=False)
    grown, _, _, _ = quiet("first", "init_from=runs/first", run_dir="runs/grown")
    hours = load(grown.checkpoint).context["hour"].vocabulary.ids.tolist()
    assert hours[:2] == model.context["hour"].vocabulary.ids.tolist()
    # The test part has one noon of each user, train the others.
    assert hours[2:] == ["noon"]


@pytest.mark.slow
@pytest.mark.usefixtures("without_graphs")
def test_two_stages_share_the_features(here, capsys):
    quiet("first")
    _, found, _, _ = quiet("both")
    model = load("runs/both/checkpoint")
    assert isinstance(model, TwoStage)
    assert set(model.query_inputs) >= {"user", "hour", "query"}
    first = load("runs/first/checkpoint").context
    assert all(model.context[name].continues(first[name]) for name in first)
    assert main(["evaluate", "runs/both", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    expected = found.rows[0]["metrics"]["click.auc"]["mean"]
    assert again["rows"][0]["metrics"]["click.auc"]["mean"] == pytest.approx(expected, abs=1e-6)
    lacking = "data.context={hour: {kind: category}}"
    with pytest.raises(InputError, match="TwoTower reads the feature query of a request, and"):
        quiet("both", lacking, run_dir="runs/without")
    other = "data.context.hour={kind: text}"
    with pytest.raises(InputError, match=r"'hour' \(text\) cannot continue 'hour' \(category\)"):
        quiet("both", other, run_dir="runs/other")


@pytest.mark.slow
@pytest.mark.usefixtures("without_graphs")
def test_drawn_impressions_have_the_features_of_their_interactions(here):
    folder, _, _, _ = quiet("drawn")
    assert "hour" in load(folder.checkpoint).query_inputs
    assert main(["evaluate", "runs/drawn", "--json"]) == 0


@pytest.mark.slow
@pytest.mark.usefixtures("without_graphs")
def test_a_model_that_does_not_read_them_says_so(here):
    _, _, _, lines = quiet("first", "model={class: MatrixFactorization, dim: 4}")
    unread = [line for line in lines if line.startswith("Not read by MatrixFactorization")]
    assert "context hour, context query" in unread[0]


def test_the_fingerprint_covers_the_values(here):
    from kerasrec.training.runs.data_fingerprint import data_fingerprint

    _, split = read_split(load_config("first.yaml", []))
    before = data_fingerprint(split)
    table = pd.read_csv("clicks.csv")
    table.loc[3, "hour"] = "noon"
    table.to_csv("clicks.csv", index=False)
    _, split = read_split(load_config("first.yaml", []))
    after = data_fingerprint(split)
    assert [key for key in before if before[key] != after[key]] == ["interactions"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["data={name: synthetic, context: {hour: {kind: category}}}"], "give path or sql with it"),
        (["data.out_of_core=always"], "a table on disk keeps no features of requests"),
        (["data.context.hour={}"], "data.context.hour.kind"),
        (["data.labels={click: {}}"], "labels and crosses are of impressions"),
    ],
)
def test_what_cannot_be_is_refused(here, changes, message):
    with pytest.raises(InputError, match=message):
        load_config("first.yaml", changes)


def test_a_table_that_does_not_fit_is_refused(here, monkeypatch):
    from kerasrec.training import read_prepared

    pd.read_csv("clicks.csv").to_parquet("clicks.parquet")
    config = load_config("first.yaml", ["data.path=clicks.parquet"])
    monkeypatch.setattr(read_prepared, "fits_into_memory", lambda *arguments: False)
    with pytest.raises(InputError, match="keeps no features of requests: leave data.context out"):
        read_split(config)


@pytest.mark.slow
@pytest.mark.usefixtures("without_graphs")
def test_an_index_is_measured_with_requests_of_many_values(here, monkeypatch):
    """Otherwise its recall would be that of requests without features."""
    folder, _, _, _ = quiet("first")
    built = {}
    monkeypatch.setattr(
        IVFIndex, "build", lambda vectors, queries, **options: built.update(queries=queries)
    )
    _make_index(load(folder.checkpoint), "ivf", 0.9, "float32", 2)
    queries = built["queries"]
    assert len(queries) == 12 and len(np.unique(queries.round(5), axis=0)) == 12
