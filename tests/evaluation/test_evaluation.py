import dataclasses
import json

import pytest
from rich.console import Console

from kerasrec.evaluation import Evaluation


def make_evaluation(models, ks=(5, 10, 20)):
    nan = float("nan")
    names = [f"{metric}@{k}" for metric in ("recall", "ndcg", "popularity_lift") for k in ks]
    wide = {name: {"mean": -0.18954, "low": -0.18112, "high": -0.19831} for name in names}
    wide["mrr@10"] = {"mean": 0.00123, "low": 0.00101, "high": 0.00145}
    wide["ties@10"] = {"mean": 1234.5, "low": 1200.0, "high": 1300.0}
    wide["novelty@10"] = {"mean": 14.3456, "low": 14.2, "high": 14.4}
    wide["coverage@10"] = {"mean": 0.25, "low": nan, "high": nan}
    groups = [
        {"model": model, "by": by, "group": group, "n": n, "pairs": n, "metrics": wide if n else {}}
        for model in models
        for by in ("item", "user")
        for group, n in (("cold", 0), ("warm", 1_234_567), ("hot", 3))
    ]
    return Evaluation(
        rows=[{"model": model, "metrics": wide, "seconds": 0.5} for model in models],
        groups=groups,
        deciles=[],
        ks=ks,
        protocol="next-item",
        part="test",
        n_queries=6040,
        seconds={"total": 1.0, "ranking": 0.5},
        notes=("Seen items are masked. " * 9,),
    )


def printed(evaluation):
    console = Console(width=100, record=True, file=open("/dev/null", "w", encoding="utf-8"))
    console.print(evaluation.to_table())
    console.file.close()
    return console.export_text()


@pytest.mark.parametrize("num_models", [1, 3, 6])
def test_the_table_fits_100_columns_uncut(num_models):
    models = [f"MatrixFactorization {i}" for i in range(num_models)]
    text = printed(make_evaluation(models))
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text
    assert text.count("-.1895 [-.181,-.198]") == (
        0 if num_models > 3 else num_models * sum("-.1895" in line for line in text.splitlines())
    )
    assert "recall@10 warm items (1,234,567)" in text


def test_a_note_that_another_table_shows_is_left_out():
    found = make_evaluation(["Model"])
    found = dataclasses.replace(found, notes=("This is new.", "This is said."))
    assert found.to_table().caption == "This is new.\nThis is said."
    assert found.to_table(shown_notes=("This is said.",)).caption == "This is new."
    assert found.to_table(shown_notes=found.notes).caption is None


def test_numbers():
    text = printed(make_evaluation(["Model"]))
    assert ".0012 [.0010,.0014]" in text
    assert "14.35 [14.2,14.4]" in text
    assert "1234 [1200,1300]" in text
    coverage = next(line for line in text.splitlines() if "coverage@10" in line)
    assert coverage.split() == ["coverage@10", ".2500"]
    assert "@5" not in text and "@20" not in text
    cold = next(line for line in text.splitlines() if "cold items" in line)
    assert cold.split()[-1] == "-"


def test_the_dict_is_json_without_nan():
    found = make_evaluation(["Model"]).to_dict()
    again = json.loads(json.dumps(found, allow_nan=False))
    assert again == found
    assert again["ks"] == [5, 10, 20]
    assert again["rows"][0]["metrics"]["coverage@10"] == {"mean": 0.25, "low": None, "high": None}


def test_ratings_have_a_table_too():
    metrics = {"rmse": {"mean": 0.9, "low": 0.8, "high": 1.0}}
    group = {"model": "M", "by": "item", "group": "hot", "n": 3, "pairs": 9, "metrics": metrics}
    rows = [{"model": "M", "metrics": metrics, "seconds": 0.0}]
    found = Evaluation(rows, [group], [], (), "random", "test", 3, {"total": 0.0}, ())
    assert "rmse hot items (3)" in printed(found)
