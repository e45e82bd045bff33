import json

import pytest

pytestmark = pytest.mark.slow

MODELS = {
    "mf": "{class: MatrixFactorization, dim: 4}",
    "knn": "{class: ItemKNN}",
    "bad": "{class: MatrixFactorization, dim: 0}",
}


@pytest.fixture
def configs(table):
    text = (table / "run.yaml").read_text()
    for name, model in MODELS.items():
        lines = [f"model: {model}" if "model:" in one else one for one in text.splitlines()]
        (table / f"{name}.yaml").write_text("\n".join(lines))
    return table


def test_one_table_for_people_and_a_folder(kerasrec, configs):
    status, out, error = kerasrec(
        "compare", "mf.yaml", "knn.yaml", "train.epochs=1", "--out", "cmp", "data.history_length=3"
    )
    assert status == 0, error
    assert max(map(len, out.splitlines())) <= 100
    assert (
        out.count("72 rows read") == 1
        and out.partition("Comparison folder")[0].count(" Popularity ") == 1
    )
    table, _, verdict = out.partition("Comparison folder: cmp")
    names = [line.split()[0] for line in table.splitlines() if "[" in line and "]" in line]
    assert names[-3:] == ["mf", "knn", "Popularity"]
    assert "recall" in out and "coverage" in out and "k = 10" in out and "*" in out
    assert "knn is best: NDCG@10" in verdict and "mf: take Popularity, or" in verdict
    written = json.loads((configs / "cmp" / "comparison.json").read_text())
    assert written["rows"][0]["epochs"] == 1
    assert (configs / "cmp" / "comparison.png").exists()


def test_json_a_failing_config_and_runs_again(kerasrec, configs):
    status, found, error = kerasrec("compare", "bad.yaml", "knn.yaml", "--json")
    assert status == 1
    assert "failed: bad: dim: expected a whole number" in error
    assert found["comparison"].startswith("runs/compare-clicks-")
    assert set(found["failed"]) == {"bad"} and found["rows"][0]["name"] == "knn"
    assert found["best"]["recall@10"] and len(found["queries"]) == 64
    status, again, error = kerasrec("compare", "knn.yaml", "--runs", "runs", "--json")
    assert status == 0 and again["rows"][0] == found["rows"][0]


def test_equal_file_names_get_their_folder(kerasrec, configs):
    (configs / "a").mkdir()
    (configs / "a" / "knn.yaml").write_text((configs / "knn.yaml").read_text())
    same = ["model.shrinkage=1.0", "data.path=clicks.csv", "data.items.path=books.csv"]
    status, found, error = kerasrec("compare", "./knn.yaml", "a/knn.yaml", *same, "--json")
    assert status == 0, error
    assert [row["name"] for row in found["rows"]] == ["knn", "a/knn", "Popularity"]
    assert found["best"]["ndcg@10"] == ["knn", "a/knn"]


def test_ctrl_c_prints_how_to_resume(kerasrec, configs, monkeypatch):
    def stop(self, epoch, logs=None):
        raise KeyboardInterrupt

    monkeypatch.setattr("kerasrec.models.FiniteLoss.on_epoch_begin", stop)
    status, out, error = kerasrec("compare", "knn.yaml", "mf.yaml")
    assert status == 130 and "knn" in out
    assert "kerasrec compare knn.yaml mf.yaml --runs=runs/clicks-itemknn-" in error


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["knn.yaml", "gone.yaml"], "gone.yaml: no such config file"),
        (["train.epochs=2"], "name at least one config file"),
        (["knn.yaml", "--runs", "gone"], "gone is neither a run folder nor a folder of runs"),
        (["knn.yaml", "--out", "books.csv"], "books.csv exists already"),
        (["knn.yaml", "train.epoch=3"], "did you mean epochs?"),
        (["knn.yaml", "other.yaml"], "knn and other differ in split.protocol"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_fitted(kerasrec, configs, arguments, words):
    text = (configs / "mf.yaml").read_text()
    (configs / "other.yaml").write_text(f"{text}\nsplit: {{protocol: random}}\n")
    status, out, error = kerasrec("compare", *arguments)
    assert status == 2 and words in error and "Traceback" not in error
    assert not (configs / "runs").exists()
