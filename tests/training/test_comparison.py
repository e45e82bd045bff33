import io
import json
import types

import pytest
import rich.console

from kerasrec.errors import InputError
from kerasrec.training import RunFolder
from kerasrec.training.compare.comparison import Comparison, metric_of
from kerasrec.training.compare.comparison_table import comparison_table
from kerasrec.training.compare.plot_comparison import plot_comparison


def around(mean, half=0.01):
    return {"mean": mean, "low": mean - half, "high": mean + half}


def row(model, recall, ndcg, coverage, prefix=""):
    metrics = {f"{prefix}recall@10": around(recall), f"{prefix}ndcg@10": around(ndcg)}
    if coverage is not None:
        metrics["coverage@10"] = {"mean": coverage, "low": None, "high": None}
    return {"model": model, "seconds": 0.25, "metrics": metrics}


@pytest.fixture
def finished(tmp_path):
    """Writes a finished run by hand."""

    def finished(name, rows, rmse=None, queries="a", protocol="next-item", fit_seconds=12.5):
        folder = RunFolder(tmp_path / name)
        folder.checkpoint.mkdir(parents=True)
        (folder.checkpoint / "weights").write_bytes(b"0" * 2_500_000)
        ratings = rmse and {"rows": [{"model": "M", "metrics": {"rmse": around(rmse)}}]}
        about = {"dataset": "toy", "protocol": protocol, "part": "test", "n_queries": 1234}
        about |= {"queries": queries, "notes": ["A note."], "repeats": "mask", "ks": [5, 10, 20]}
        run = {"model_class": rows[0]["model"], "fit_seconds": fit_seconds, "epochs": 3}
        run |= {"trainable_weights": 1_234_567, "best_epoch": 2}
        folder.write_metrics({**about, **run, "rows": rows, "ratings": ratings})
        return folder

    return finished


def config(history_length=50):
    return types.SimpleNamespace(data=types.SimpleNamespace(history_length=history_length))


def text_of(comparison, width=100):
    console = rich.console.Console(file=io.StringIO(), width=width)
    console.print(comparison_table(comparison))
    return console.file.getvalue()


def test_rows_baselines_once_and_the_best(finished):
    # The baselines of the run that reads more of a history; ItemKNN is compared itself.
    folders = {
        "long": finished("a", [row("MF", 0.30, 0.20, 0.5), row("Popularity", 0.11, 0.06, 0.1)]),
        "short": finished(
            "b",
            [
                row("MF", 0.35, 0.15, 0.5),
                row("Popularity", 0.10, 0.05, 0.1),
                row("ItemKNN", 1, 1, 1),
            ],
        ),
        "knn": finished("c", [row("ItemKNN", 0.25, 0.18, 0.4)], fit_seconds=0.0),
    }
    configs = {"long": config(50), "short": config(5), "knn": config(50)}
    found = Comparison.of(configs, folders, {"gone": "no such file"})
    assert [one["name"] for one in found.rows] == ["long", "short", "knn", "Popularity"]
    assert metric_of(found.rows[3], "recall@10")["mean"] == 0.11
    assert found.quality == {"recall@10": 1, "ndcg@10": 1, "coverage@10": 1}
    assert found.best() == {
        "recall@10": ["short"],
        "ndcg@10": ["long"],
        "coverage@10": ["long", "short"],
    }
    first, baseline = found.rows[0], found.rows[3]
    assert first["checkpoint_bytes"] == 2_500_000 and first["trainable_weights"] == 1_234_567
    assert first["fit_seconds"] == 12.5 and first["evaluation_seconds"] == 0.25
    assert baseline["run"] is None and baseline["fit_seconds"] is None
    written = found.to_dict()
    assert written["failed"] == {"gone": "no such file"} and written["queries"] == "a"
    assert json.loads(json.dumps(written, allow_nan=False)) == written


def test_the_smallest_error_is_the_best_and_the_table_fits(finished, tmp_path):
    folders = {
        "matrix_factorization_of_ratings": finished("a", [row("MF", 0.3, 0.2, 0.5)], 0.912),
        "svd": finished("b", [row("SVD", 0.2, 0.1, 0.6)], 1.034),
        "knn": finished("c", [row("ItemKNN", 0.25, 0.15, 0.4)], fit_seconds=12345.6),
    }
    found = Comparison.of(dict.fromkeys(folders, config()), folders)
    assert found.best()["rmse"] == ["matrix_factorization_of_ratings"]
    text = text_of(found)
    assert max(map(len, text.splitlines())) <= 100
    assert ".912*" in text and "[.902,.922]" in text and "1.034" in text and "12,346" in text
    assert "1.23M" in text and "2.5" in text and "1,234 users" in text and "A note." in text
    path = tmp_path / "plot.png"
    plot_comparison(path, found)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_model_without_ratings_has_one_row(finished):
    folders = {"mf": finished("a", [row("MF", 0.3, 0.2, 0.5), row("Popularity", 0.1, 0.1, 0.1)])}
    text = text_of(Comparison.of({"mf": config()}, folders))
    assert max(map(len, text.splitlines())) <= 100
    (line,) = [line for line in text.splitlines() if line.split()[:1] == ["mf"]]
    assert line.split() == [
        *("mf", ".300*", "[.290,.310]", ".200*", "[.190,.210]", ".500*"),
        *("12.5", "0.2", "1.23M", "2.5"),
    ]


def test_sampled_metrics_keep_their_name(finished):
    folder = finished("a", [row("MF", 0.8, 0.5, None, "sampled_")], protocol="sampled")
    found = Comparison.of({"mf": config()}, {"mf": folder})
    assert list(found.quality) == ["sampled_recall@10", "sampled_ndcg@10"]
    assert ".800*" in text_of(found)


def test_runs_with_other_queries_are_refused(finished):
    folders = {
        "one": finished("a", [row("MF", 0.3, 0.2, 0.5)]),
        "other": finished("b", [row("MF", 0.3, 0.2, 0.5)], queries="b"),
    }
    with pytest.raises(InputError, match="b has other test queries than .*a: only metrics"):
        Comparison.of(dict.fromkeys(folders, config()), folders)
