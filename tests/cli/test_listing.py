import json

import pytest


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
    assert summaries["Popularity"] == "Ranks items by how often the train part holds them."
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
def test_a_damaged_run_is_said_and_the_others_listed(kerasrec, tmp_path, monkeypatch, text):
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
