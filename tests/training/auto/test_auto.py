"""Planted tables from a path to a run folder; the clock stands, so all that counts is tried."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasrec.config import load_config
from kerasrec.data import Interactions
from kerasrec.data.splits import next_item
from kerasrec.errors import InputError
from kerasrec.models import load
from kerasrec.training.auto import read_table, refit_winner
from kerasrec.training.auto.auto import auto
from kerasrec_zoo import Markov

pytestmark = pytest.mark.slow


def read_csv(path):
    columns = {"user": "user_id", "item": "item_id", "timestamp": "time"}
    return Interactions.from_frame(pd.read_csv(path), columns)


@pytest.fixture
def find(make_clock):
    """`find(path, ...)`: what `auto` returns and the lines that it says, with 12 seconds."""

    def run(path, **options):
        lines = []
        given = {"minutes": 0.2, "run_dir": "run", "say": lambda line="": lines.append(line)}
        given |= {"note": lines.append, "clock": make_clock()}
        return auto(path, **(given | options)), lines

    return run


@pytest.mark.parametrize(
    "name,class_",
    [("popularity", "Popularity"), ("order", "Markov"), ("content", "ContentKNN")],
)
def test_the_planted_structure_wins(find, shop, name, class_):
    items = "products.csv" if name == "content" else None
    found, lines = find(f"{name}.csv", items=items)
    model = load_config("run/config.yaml").model
    parts = model.arguments.get("models", [{"class": model.class_, **model.arguments}])
    # Content, alone or beside luck, may be that of a source of Markov.
    found_it = [part["class"] == class_ or "title" in part.get("sources", ()) for part in parts]
    assert any(found_it) if name == "content" else found_it[0], lines
    assert "there was no time to train MatrixFactorization" in found["verdict"]["sentence"]
    assert found["export"] is None  # 12 seconds are too few


def test_the_folder_is_that_of_a_run(find, shop):
    found, lines = find("order.csv")
    folder = shop / "run"
    names = {path.name for path in folder.iterdir()}
    assert {"config.yaml", "data.json", "metrics.json", "checkpoint", "ladder.json"} <= names
    assert {"curves.png"} <= names
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics == found["metrics"]
    assert metrics["rows"][0]["model"] == "Markov" and metrics["protocol"] == "next-item"
    # After item n comes n + 1, whatever the order of the rows.
    assert metrics["rows"][0]["metrics"]["ndcg@10"]["mean"] > 0.95
    ladder = json.loads((folder / "ladder.json").read_text())
    tried = {one["name"]: one["validation"]["mean"] for one in ladder["rungs"]}
    assert tried["Markov"] > tried["Popularity"]
    assert set(ladder["left_out"]) == {"MatrixFactorization", "SASRec"}

    from kerasrec.models import load

    # The histories of the checkpoint hold all rows, so what comes next is behind the test item.
    rows = pd.read_csv("order.csv")
    last = rows[rows.user_id == "u0"].item_id.iloc[-1]
    best = load(folder / "checkpoint").recommend(users=["u0"], k=1)["item"][0]
    assert best == f"i{(int(last[1:]) + 1) % 40}"

    from kerasrec.training import run

    again, _, _ = run(load_config(folder / "config.yaml"), shop / "again", say=lambda line: None)
    assert again.read_metrics()["rows"][0]["metrics"] == metrics["rows"][0]["metrics"]


def test_ctrl_c_keeps_the_best_so_far(find, shop):
    lines = []

    def say(line=""):
        lines.append(line)
        if line.startswith("  Markov ") and not line.endswith("test"):
            raise KeyboardInterrupt

    found, _ = find("order.csv", say=say)
    assert found["stopped"] and found["export"] is None
    assert [one["name"] for one in found["ladder"]["rungs"]][-1] == "Markov"
    assert found["metrics"]["model_class"] == "Markov" and found["metrics"]["stopped"]


def test_a_second_ctrl_c_leaves_nothing(find, shop):
    def say(line=""):
        if line.startswith("  Popularity "):
            raise KeyboardInterrupt  # in the ladder, and in the test

    with pytest.raises(KeyboardInterrupt):
        find("order.csv", say=say)
    assert not (shop / "run").exists()


def test_a_large_table_is_sampled_and_says_so(find, shop, monkeypatch):
    monkeypatch.setattr(read_table, "MOST_ROWS", 300)
    found, lines = find("order.csv")
    # 60 users of 10 rows each.
    metrics = found["metrics"]
    assert metrics["share_of_users"] == 0.5 and metrics["fitted_on_all_rows"]
    assert any("learn from 50.0% of the users with 300 rows" in line for line in lines)
    # The test has as many users as the ladder had, and the model knows all of them.
    assert metrics["n_queries"] == 30
    assert any(line.startswith("Markov is fitted on all 600 rows") for line in lines)
    model = load("run/checkpoint")
    known = model.trained_on.hashes
    alone = Markov(model.schema, **load_config("run/config.yaml").model.arguments)
    alone.adapt(next_item(read_csv("order.csv")).train)
    assert len(known) == 480 and (np.sort(known) == np.sort(alone.trained_on.hashes)).all()


def test_a_winner_that_takes_too_long_is_not_fitted_on_all_rows_and_says_so(
    find, shop, make_clock, monkeypatch
):
    monkeypatch.setattr(read_table, "MOST_ROWS", 300)
    found, lines = find("order.csv", clock=make_clock(0.7))
    assert found["metrics"]["fitted_on_all_rows"] is False
    said = next(line for line in lines if "learned from 50.0% of the users, and not" in line)
    assert "s are left. `kerasrec fit` of the config below does." in said
    assert len(load("run/checkpoint").trained_on.hashes) == 240


def test_ctrl_c_while_all_rows_are_fitted_keeps_the_model_of_some(find, shop, monkeypatch):
    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(read_table, "MOST_ROWS", 300)
    monkeypatch.setattr(refit_winner, "make_model", stopped)
    found, lines = find("order.csv")
    assert found["metrics"]["fitted_on_all_rows"] is False
    assert any("not from all rows: stopped" in line for line in lines)


def test_a_budget_for_nothing_ends_with_the_first_model(find, shop, make_clock):
    found, lines = find("order.csv", minutes=0.001, clock=make_clock(1.0))
    assert [one["name"] for one in found["ladder"]["rungs"]] == ["Popularity"]
    assert found["ladder"]["left_out"]["ItemKNN"] == "no time is left"
    assert found["export"] is None and found["verdict"]["sentence"]


def test_a_table_without_times_counts_by_the_order_of_its_rows(find, shop):
    rows = pd.read_csv("order.csv").drop(columns="time")
    rows.to_csv("rows.csv", index=False)
    found, lines = find("rows.csv")
    assert found["metrics"]["model_class"] == "Markov"
    assert any("there are no times, so the order of the rows counts" in line for line in lines)


def test_a_table_of_ninety_rows(find, shop):
    rows = pd.read_csv("popularity.csv").head(90)
    rows.to_csv("few.csv", index=False)
    found, _ = find("few.csv")
    assert "too few users to tell" in found["verdict"]["sentence"]


@pytest.mark.parametrize(
    "rows,words",
    [
        ([("a", f"i{n}") for n in range(9)], "'a' is the only user"),
        ([("a", "x"), ("b", "y")], "2 interactions are too few for a train, a validation"),
    ],
)
def test_tables_that_nothing_is_learned_from_are_refused(find, shop, rows, words):
    pd.DataFrame(rows, columns=["user", "item"]).to_csv("bad.csv", index=False)
    with pytest.raises(InputError, match=words):
        find("bad.csv")
    assert not (shop / "run").exists()


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf")])
def test_minutes_are_positive(find, shop, minutes):
    with pytest.raises(InputError, match="minutes: expected a number above 0"):
        find("order.csv", minutes=minutes)


def test_an_existing_folder_is_refused_before_anything_is_read(find, shop):
    (shop / "run").mkdir()
    (shop / "run" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="run exists already: choose another folder"):
        find("gone.csv")
    assert np.all([path.name == "mine.txt" for path in (shop / "run").iterdir()])
