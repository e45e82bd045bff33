import functools
import importlib
import json
import shlex

import pytest

from kerasrec.cli import quickstart
from kerasrec.data.datasets import synthetic

pytestmark = pytest.mark.slow

RECIPES = {
    "Popularity": ({}, 1, 1, 0.0),
    "ItemKNN": ({}, 1, 1, 0.0),
    "MatrixFactorization": ({"dim": 4, "candidates": "all"}, 1, 64, 0.01),
    "Hybrid": ({"dim": 4}, 1, 64, 0.01),
}


@pytest.fixture
def small(monkeypatch, tmp_path):
    monkeypatch.setattr(quickstart, "RECIPES", RECIPES)
    bookstore = functools.partial(synthetic.Bookstore, users=60, items=100)
    monkeypatch.setattr(synthetic, "Bookstore", bookstore)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_json_holds_what_is_shown_and_the_export_answers_the_same(kerasrec, small):
    (small / "saved_models" / "quickstart" / "3").mkdir(parents=True)
    status, found, _ = kerasrec("quickstart", "--json")
    assert status == 0
    assert {row["model"] for row in found["evaluation"]["rows"]} == set(RECIPES)
    metrics = found["evaluation"]["rows"][0]["metrics"]
    assert metrics["ndcg@10"]["low"] <= metrics["ndcg@10"]["mean"] <= metrics["ndcg@10"]["high"]
    assert 0 < found["best_possible"]["ndcg"] < found["best_possible"]["recall"] < 1
    assert set(found["fit_seconds"]) == set(RECIPES)
    assert found["export"] == "saved_models/quickstart/4"

    shown = found["recommendations"]
    assert len(shown["titles"]) == 5 and not set(shown["items"]) & set(shown["history"])
    curl = shlex.split(found["curl"])
    assert curl[:4] == ["curl", "-X", "POST", "http://localhost:8501/v1/models/quickstart:predict"]
    request = json.loads(curl[-1])["inputs"]
    query = [
        "--history",
        ",".join(request["history"][0]),
        "--exclude",
        ",".join(request["exclude"][0]),
    ]
    _, answer, _ = kerasrec("recommend", found["export"], *query, "-k", 5, "--json")
    assert [row["item"] for row in answer["recommendations"]] == shown["items"]


def test_people_see_table_titles_and_the_curl_line(kerasrec, small, monkeypatch):
    exported = []
    package = importlib.import_module("kerasrec.export")
    monkeypatch.setattr(package, "export", lambda model, folder: exported.append(str(folder)))
    status, out, _ = kerasrec("quickstart", "--export-to", "elsewhere/demo")
    assert status == 0 and exported == ["elsewhere/demo/1"]
    assert "interactions of 60 users with" in out
    assert "…" not in out
    for words in ("Recall@10 [95 %]", "cold items", "best possible", "ItemKNN"):
        assert words in out
    for words in ("Because reader-", "Hybrid recommends:", "  5. ", "v1/models/demo:predict"):
        assert words in out
