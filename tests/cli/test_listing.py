import json


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
        {"path": "runs/done", "ndcg@10": 0.25, "epochs": 4},
        {"path": "runs/open", "ndcg@10": None, "epochs": None},
    ]
    status, out, _ = kerasrec("list")
    assert status == 0 and "runs/open" in out and "not finished" in out and "A toy." in out
