import json

import pytest

from kerasrec.cli.listing import models


def test_lists_what_there_is(kerasrec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs" / "toy").mkdir(parents=True)
    (tmp_path / "configs" / "toy" / "a.yaml").write_text("# A toy.\ndata: {}\n")
    for name, metrics in (
        ("done", {"epochs": 4, "rows": [{"metrics": {"ndcg@10": {"mean": 0.25}}}]}),
        ("open", None),
    ):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "config.yaml").write_text("{}")
        if metrics:
            (tmp_path / "runs" / name / "metrics.json").write_text(json.dumps(metrics))
    status, found, _ = kerasrec("list", "--json")
    assert status == 0
    summaries = {model["name"]: model["summary"] for model in found["models"]}
    assert summaries["Popularity"].startswith("Ranks items by their number of train interactions")
    assert {"Hybrid", "ItemKNN", "MatrixFactorization", "TwoTower"} <= set(summaries)
    assert {"synthetic", "ml-1m"} <= set(found["datasets"])
    assert found["configs"] == [{"path": "configs/toy/a.yaml", "summary": "A toy."}]
    assert found["runs"] == [
        {"path": "runs/done", "ndcg@10": 0.25, "epochs": 4, "state": "finished"},
        {"path": "runs/open", "ndcg@10": None, "epochs": None, "state": "not finished"},
    ]
    status, out, _ = kerasrec("list")
    assert status == 0 and "runs/open" in out and "not finished" in out and "A toy." in out


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"epochs": 1, "rows": []}', "null"])
def test_a_damaged_run_is_named_and_the_others_listed(kerasrec, tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    whole = '{"epochs": 2, "rows": [{"metrics": {"ndcg@5": {"mean": 0.5}}}]}'
    for name, metrics in (("a", text), ("b", whole)):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "config.yaml").write_text("")
        (tmp_path / "runs" / name / "metrics.json").write_text(metrics)
    status, found, error = kerasrec("list", "--json")
    assert status == 0 and "runs/a/metrics.json is damaged" in error
    assert [(run["state"], run["epochs"]) for run in found["runs"]] == [
        ("damaged", None),
        ("finished", 2),
    ]
    status, out, _ = kerasrec("list")
    assert status == 0 and "damaged" in out and "runs/b" in out


def test_a_pipe_gets_a_line_of_100_columns_a_run(kerasrec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for end in ("a", "b"):
        folder = tmp_path / "runs" / ("long" * 40 + end)
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text("{}")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text("# " + "A very long story. " * 20)
    out = kerasrec("list")[1]
    assert max(map(len, out.splitlines())) <= 100
    runs = [line for line in out.splitlines() if "runs/long" in line]
    # What tells them apart is at the end, and the columns beside are whole.
    assert [line.split()[0][-1] for line in runs] == ["a", "b"]
    assert all("…" in line and "not finished" in line for line in runs)
    assert sum("A very long story." in line for line in out.splitlines()) == 1


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("Cold  start", {"ContentBased", "Hybrid", "TwoTower"}),
        ("冷启动", {"ContentBased", "Hybrid", "TwoTower"}),
        ("userknn", {"UserKNN"}),
        ("skip-gram", set()),
    ],
)
def test_searches_models_by_the_terms_of_their_cards(kerasrec, term, expected):
    status, found, error = kerasrec("list", "--search", term, "--json")
    if not expected:
        assert status == 2 and "no model has the term 'skip-gram'" in error
        return
    assert status == 0 and expected <= {model["name"] for model in found["models"]}
    assert "Popularity" not in {model["name"] for model in found["models"]}


def test_every_card_has_terms_in_both_languages():
    for model in models():
        assert any(term.isascii() for term in model["terms"]), model["name"]
        assert any(not term.isascii() for term in model["terms"]), model["name"]
