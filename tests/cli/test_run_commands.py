import json
import pathlib
import shutil

import pytest

from kerasrec.cli import main
from kerasrec.progress_bar import CountBar
from kerasrec.savedmodel.metadata import METADATA

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished run of a model that reads histories and needs no training."""
    folder = tmp_path_factory.mktemp("trained")
    rows = [(f"u{u}", f"i{(u + step) % 12}") for u in range(12) for step in range(6)]
    text = "\n".join(["user,item", *(",".join(row) for row in rows)])
    (folder / "clicks.csv").write_text(text)
    items = "\n".join(["item,name", *(f"i{n},Item {n}" for n in range(12))])
    (folder / "books.csv").write_text(items)
    (folder / "knn.yaml").write_text(
        f"data: {{path: {folder}/clicks.csv, items: {{path: {folder}/books.csv, title: name}},"
        " history_length: 4}\nmodel: {class: ItemKNN, shrinkage: 0.0}\n"
        "evaluate: {ks: [5], baselines: [Popularity]}\ntrain: {monitor: ndcg@5}\n"
    )
    assert main(["fit", str(folder / "knn.yaml"), "--run-dir", str(folder / "run"), "--json"]) == 0
    assert main(["export", str(folder / "run"), str(folder / "knn" / "1"), "-k", "6"]) == 0
    return folder


def test_evaluate_gives_the_metrics_of_fit(kerasrec, trained):
    measured = json.loads((trained / "run" / "metrics.json").read_text())
    status, found, _ = kerasrec("evaluate", trained / "run", "--json")
    assert status == 0
    assert [row["metrics"] for row in found["rows"]] == [row["metrics"] for row in measured["rows"]]
    assert found["part"] == "test"
    status, found, _ = kerasrec("evaluate", trained / "run", "--part", "validation", "--json")
    assert status == 0 and found["part"] == "validation"
    status, out, _ = kerasrec("evaluate", trained / "run")
    assert status == 0 and "recall@5" in out


def test_evaluate_notes_that_the_data_has_changed(kerasrec, trained):
    clicks, note = trained / "clicks.csv", "The interactions are not those that"
    assert note not in kerasrec("evaluate", trained / "run")[2]
    before = clicks.read_text()
    clicks.write_text(f"{before}\nu0,i9\n")
    try:
        status, _, error = kerasrec("evaluate", trained / "run", "--json")
    finally:
        clicks.write_text(before)
    assert status == 0 and error.startswith(note)


def test_recommend_to_a_user(kerasrec, trained):
    status, found, error = kerasrec("recommend", trained / "run", "--user", "u0", "-k", 3, "--json")
    assert status == 0 and error == ""
    # u0 took i0 .. i5; the items that go with the last ones, i6 first, come next on the circle.
    assert [row["item"] for row in found["recommendations"]][0] == "i6"
    assert [row["rank"] for row in found["recommendations"]] == [1, 2, 3]
    assert found["recommendations"][0]["title"] == "Item 6"
    assert found["user"] == "u0" and found["notes"] == []


def test_recommend_leaves_out_excluded_items(kerasrec, trained):
    arguments = ("recommend", trained / "run", "--history", "i3, i4", "-k", 4, "--json")
    all_of_it = kerasrec(*arguments)[1]["recommendations"]
    best = all_of_it[0]["item"]
    rest = kerasrec(*arguments, "--exclude", best)[1]["recommendations"]
    assert [row["item"] for row in rest[:3]] == [row["item"] for row in all_of_it[1:]]


def test_explain_names_the_items_of_the_history(kerasrec, trained):
    arguments = ("recommend", trained / "run", "--history", "i3,nobody,i4", "-k", 2, "--explain")
    status, found, error = kerasrec(*arguments, "--json")
    assert status == 0 and "nobody" in error
    for row in found["recommendations"]:
        assert {why["item"] for why in row["reasons"]} <= {"i3", "i4"}
        assert sum(why["contribution"] for why in row["reasons"]) == pytest.approx(row["score"])
    why = found["recommendations"][0]["reasons"][0]
    status, out, _ = kerasrec(*arguments)
    said = f"Item {why['item'][1:]} {why['contribution']:+.2f}"
    assert status == 0 and said in " ".join(out.split())


def test_an_export_with_content_explains_its_share(kerasrec, trained):
    config = trained / "content.yaml"
    config.write_text(
        f"data: {{path: {trained}/clicks.csv, history_length: 4,"
        f" items: {{path: {trained}/books.csv, title: name,"
        " features: {name: {kind: text}}}}\n"
        "model: {class: Hybrid, dim: 4}\n"
        "evaluate: {ks: [5], baselines: [Popularity]}\ntrain: {monitor: ndcg@5, epochs: 1}\n"
    )
    run, folder = trained / "content", trained / "served" / "1"
    assert kerasrec("fit", config, "--run-dir", run, "--json")[0] == 0
    assert kerasrec("export", run, folder, "-k", "6")[0] == 0
    arguments = ("--history", "i3,i4", "-k", 3, "--explain", "--json")
    ran, served = (kerasrec("recommend", source, *arguments)[1] for source in (run, folder))
    for one, other in zip(ran["recommendations"], served["recommendations"], strict=True):
        parts = other["from_behavior"] + other["from_content"]
        assert parts == pytest.approx(other["score"], abs=1e-6)
        assert other["from_content"] == pytest.approx(one["from_content"], abs=1e-5)
        for column, name in (("reasons", "item"), ("words", "word")):
            said, served = (
                {why[name]: why["contribution"] for why in row[column] if why[name]}
                for row in (one, other)
            )
            assert served == pytest.approx(said, abs=1e-5)
    best = ran["recommendations"][0]["words"][0]
    status, out, _ = kerasrec("recommend", folder, *arguments[:-1])
    assert status == 0
    assert f"{best['word']} {best['contribution']:+.2f}" in " ".join(out.split())


def test_evaluate_does_not_need_the_start_of_a_run(kerasrec, trained):
    config = trained / "start.yaml"
    config.write_text(
        f"data: {{path: {trained}/clicks.csv, history_length: 4,"
        f" items: {{path: {trained}/books.csv, title: name,"
        " features: {name: {kind: text}}}}\n"
        "model: {class: Hybrid, dim: 4}\n"
        "evaluate: {ks: [5], baselines: []}\ntrain: {monitor: ndcg@5, epochs: 1}\n"
    )
    first, second = trained / "first", trained / "second"
    assert kerasrec("fit", config, "--run-dir", first, "--json")[0] == 0
    start = (f"content_from={first}", "freeze_content=true")
    assert kerasrec("fit", config, *start, "--run-dir", second, "--json")[0] == 0
    shutil.rmtree(first)
    assert kerasrec("evaluate", second, "--json")[0] == 0


def test_the_export_gives_the_same_answers(kerasrec, trained):
    arguments = ("--history", "i3,i4,i5", "-k", 4, "--exclude", "i6", "--json")
    run = kerasrec("recommend", trained / "run", *arguments)[1]["recommendations"]
    export = kerasrec("recommend", trained / "knn", *arguments)[1]["recommendations"]
    assert [row["item"] for row in export] == [row["item"] for row in run]
    assert [row["score"] for row in export] == pytest.approx(
        [row["score"] for row in run], abs=1e-5
    )


@pytest.mark.parametrize("history", ["i3,nobody,i4", "nobody"])
def test_unknown_ids_are_left_out_and_noted(kerasrec, trained, history):
    status, found, error = kerasrec("recommend", trained / "run", "--history", history, "--json")
    assert status == 0 and len(found["recommendations"]) >= 1
    assert "nobody" in found["notes"][0] and "nobody" in error


def test_an_export_answers_a_user_from_the_stored_history(kerasrec, trained, tmp_path):
    arguments = ("--user", "u0", "-k", 3, "--json")
    run = kerasrec("recommend", trained / "run", *arguments)[1]["recommendations"]
    export = kerasrec("recommend", trained / "knn", *arguments)[1]["recommendations"]
    assert [row["item"] for row in export] == [row["item"] for row in run]
    assert kerasrec("export", trained / "run", tmp_path / "knn", "--no-histories")[0] == 0
    status, _, error = kerasrec("recommend", tmp_path / "knn" / "1", *arguments)
    assert status == 2 and "does not read a user: give --history" in error


def test_the_export_notes_unknown_ids_too(kerasrec, trained):
    query = ("--history", "i3,nobody", "--exclude", "nothing", "--json")
    status, found, error = kerasrec("recommend", trained / "knn" / "1", *query)
    assert status == 0 and found["recommendations"]
    assert "1 unknown history item id, left out: nobody" in error
    assert "1 unknown exclude item id, left out: nothing" in error
    assert found["notes"] == error.splitlines()


def test_a_run_and_its_export_give_the_same_notes(kerasrec, trained):
    asked = ["--user", "nobody"], ["--user", ""], ["--history", "i3,nobody"], ["--history", "who"]
    for query in asked:
        query = (*query, "--exclude", "nothing", "-k", 3, "--json")
        run, export = (kerasrec("recommend", trained / of, *query)[1] for of in ("run", "knn/1"))
        assert sorted(run["notes"]) == sorted(export["notes"]) and len(run["notes"]) >= 2
        items = [[row["item"] for row in found["recommendations"]] for found in (run, export)]
        assert items[0] == items[1]
    assert kerasrec("recommend", trained / "run", "--user", "nobody", "--json")[1]["notes"] == [
        "1 unknown user id, answered with what is popular: nobody"
    ]


def test_a_history_beyond_the_limit_is_cut_and_noted(kerasrec, trained):
    status, out, error = kerasrec(
        "recommend", trained / "run", "--history", "i0,i1,i2,i3,i4,i5", "-k", 2
    )
    assert status == 0 and "cut to its last 4 items" in error and "Item" in out


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["recommend", "{}/gone", "--user", "u0"], "does not exist"),
        (["recommend", "{}", "--user", "u0"], "neither a run with a checkpoint nor"),
        (["recommend", "{}/run", "--history", ","], "holds no item"),
        (
            ["recommend", "{}/run", "--user", "u0", "-k", "99"],
            "k must be a whole number between 1 and",
        ),
        (["recommend", "{}/run", "--user", "u0", "-k", "0"], "-k must be at least 1"),
        (
            ["recommend", "{}/knn/1", "--history", "i3", "--explain"],
            "give the run or the checkpoint",
        ),
        (["export", "{}/run", "{}/knn/1"], "numbers are not reused: the next one is 2"),
        (["export", "{}/run", "{}/other", "-k", "0"], "-k must be at least 1: got 0"),
        (["export", "{}/gone", "{}/other"], "does not exist"),
        (["export", "{}/run", "{}/other", "--rules", "{}/gone.yaml"], "no such rules file"),
        (["evaluate", "{}/run/checkpoint"], "not a run folder"),
    ],
)
def test_what_is_wrong_ends_with_status_2(kerasrec, trained, arguments, words):
    status, out, error = kerasrec(*(one.format(trained) for one in arguments))
    assert status == 2 and words in error and not out and "Traceback" not in error


def test_recommend_needs_one_kind_of_query(kerasrec, trained):
    for arguments in ([], ["--user", "u0", "--history", "i1"]):
        with pytest.raises(SystemExit) as stopped:
            kerasrec("recommend", trained / "run", *arguments)
        assert stopped.value.code == 2


def damage_weights(checkpoint):
    with open(checkpoint / "model.weights.h5", "r+b") as file:
        file.seek(100)
        file.write(b"damaged")


def make_it_newer(checkpoint):
    metadata = json.loads((checkpoint / "metadata.json").read_text())
    (checkpoint / "metadata.json").write_text(json.dumps({**metadata, "format": 99}))


@pytest.mark.parametrize(
    "harm,words", [(damage_weights, "is damaged"), (make_it_newer, "has checkpoint format 99")]
)
def test_a_damaged_or_foreign_checkpoint_is_refused(kerasrec, trained, tmp_path, harm, words):
    shutil.copytree(trained / "run", tmp_path / "run")
    harm(pathlib.Path(tmp_path / "run" / "checkpoint"))
    status, _, error = kerasrec("recommend", tmp_path / "run", "--user", "u0")
    assert status == 2 and words in error
    status, _, error = kerasrec("export", tmp_path / "run", tmp_path / "out")
    assert status == 2 and not (tmp_path / "out").exists()


def test_an_empty_config_of_a_run_is_named(kerasrec, trained, tmp_path):
    shutil.copytree(trained / "run", tmp_path / "run")
    (tmp_path / "run" / "config.yaml").write_text("")
    status, out, error = kerasrec("evaluate", tmp_path / "run")
    assert status == 2 and "config.yaml: the file is empty" in error and not out


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """A finished run of predicted ratings, and its export."""
    folder = tmp_path_factory.mktemp("rated")
    rows = [(f"u{u}", f"i{i}", 1 + (u + i) % 5) for u in range(12) for i in range(8)]
    text = "\n".join(["user,item,value", *(",".join(map(str, row)) for row in rows)])
    (folder / "stars.csv").write_text(text)
    (folder / "mf.yaml").write_text(
        f"data: {{path: {folder}/stars.csv}}\nevaluate: {{ks: [5], baselines: []}}\n"
        "split: {protocol: random}\n"
        "model: {class: MatrixFactorization, dim: 2, candidates: pair}\n"
        "train: {epochs: 1, loss: mse, monitor: mae}\n"
    )
    assert main(["fit", str(folder / "mf.yaml"), "--run-dir", str(folder / "run")]) == 0
    assert main(["export", str(folder / "run"), str(folder / "mf" / "1"), "-k", "6"]) == 0
    return folder


def test_ratings_are_evaluated_beside_the_ranking(kerasrec, rated):
    measured = json.loads((rated / "run" / "metrics.json").read_text())
    status, found, error = kerasrec("evaluate", rated / "run", "--json")
    assert status == 0 and error == ""
    assert found["ratings"]["rows"][0]["metrics"] == measured["ratings"]["rows"][0]["metrics"]
    assert set(found["ratings"]["rows"][0]["metrics"]) == {"rmse", "mae"}
    status, out, _ = kerasrec("evaluate", rated / "run")
    assert status == 0 and "rmse" in out and "recall@5" in out


def test_an_export_leaves_out_what_the_user_has_seen(kerasrec, rated):
    query = ("recommend", rated / "mf" / "1", "--user", "u1", "--json")
    status, found, error = kerasrec(*query)
    assert status == 0 and found["notes"] == ["the export answers with 6 items at most"]
    assert found["recommendations"] == []  # u1 has seen all eight items


def test_the_default_k_is_cut_to_eight_items_and_a_written_one_is_refused(kerasrec, rated):
    status, found, _ = kerasrec("recommend", rated / "run", "--user", "u1", "--json")
    assert status == 0 and found["notes"] == ["there are 8 items: k is 8, not 10"]
    for source, words in (("run", "the number of items, 8: got 40"), ("mf/1", "6 items at most")):
        status, _, error = kerasrec("recommend", rated / source, "--user", "u1", "-k", "40")
        assert status == 2 and words in error
    status, _, error = kerasrec("export", rated / "run", rated / "large", "-k", "9")
    assert status == 2 and "the number of items, 8: got 9" in error
    status, out, _ = kerasrec("export", rated / "run", rated / "whole")
    assert status == 0 and "The catalogue has 8 items: no answer can have more." in out


def test_an_export_without_histories_notes_it(kerasrec, rated):
    folder = rated / "forgetful"
    assert kerasrec("export", rated / "run", folder, "-k", "6", "--no-histories")[0] == 0
    query = ("recommend", folder / "1", "--user", "u1", "--json")
    status, found, error = kerasrec(*query)
    assert status == 0 and "the export does not know what the user has seen" in error
    assert len(found["recommendations"]) == 6
    status, found, error = kerasrec(*query, "--exclude", "i1", "-k", 3)
    assert status == 0 and found["notes"] == [found["notes"][0]]
    assert "i1" not in [row["item"] for row in found["recommendations"]]


def test_versions_are_numbered_and_old_ones_go(kerasrec, rated):
    folder = rated / "numbered"
    for number in (1, 2, 3):
        status, found, _ = kerasrec("export", rated / "run", folder, "--keep", 2, "--json")
        assert status == 0 and found["export"] == str(folder / str(number))
    assert sorted(path.name for path in folder.iterdir()) == [
        ".version-1",
        ".version-2",
        ".version-3",
        "2",
        "3",
    ]
    assert kerasrec("export", rated / "run", folder / "7")[0] == 0
    status, _, error = kerasrec("export", rated / "run", folder / "5")
    assert status == 2 and "the next one is 8" in error
    status, _, error = kerasrec("export", rated / "run", folder / "7" / ".." / "7" / ".")
    assert status == 2 and "the next one is 8" in error


def test_verify_prints_a_report_and_fails_where_anything_differs(kerasrec, rated, tmp_path):
    shutil.copytree(rated / "mf", tmp_path / "mf")
    status, out, _ = kerasrec("verify", tmp_path / "mf")
    assert status == 0 and "recommend" in out and "It answers as Python did, and" in out
    name = "variables/variables.data-00000-of-00001"
    path = tmp_path / "mf" / "1" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    status, out, error = kerasrec("verify", tmp_path / "mf" / "1")
    assert status == 1 and f"{name} is not the file that was written" in error
    assert "It answers" not in out
    status, _, error = kerasrec("verify", tmp_path)
    assert status == 2 and "holds no export" in error


def test_inspect_shows_signatures_and_origin(kerasrec, rated, tmp_path):
    status, found, _ = kerasrec("inspect", rated / "mf", "--json")
    assert status == 0
    assert found["model"] == "MatrixFactorization" and found["max_k"] == 6
    assert found["signatures"]["recommend"]["inputs"]["k"] == {
        "dtype": "int32", "shape": [None], "default": [6],
    }  # fmt: skip
    assert found["run"]["seed"] == 0 and found["run"]["ratings"] is not None
    status, out, _ = kerasrec("inspect", rated / "mf" / "1")
    assert status == 0 and "repeats" in out and "sha256 of items" in out
    for change in ({"signatures": []}, {"run": "a run"}, {"versions": ..., "index": None}):
        about = {name: one for name, one in (found | change).items() if one is not ...}
        shutil.copytree(rated / "mf" / "1", tmp_path / "1", dirs_exist_ok=True)
        (tmp_path / "1" / METADATA).write_text(json.dumps(about))
        status, _, error = kerasrec("inspect", tmp_path / "1")
        assert status == 2 and "is not what an export writes" in error


def test_an_evaluation_reports_its_progress(kerasrec, trained, monkeypatch):
    told = []
    monkeypatch.setattr(CountBar, "__call__", lambda bar, *counts: told.append(counts))
    assert kerasrec("evaluate", trained / "run")[0] == 0
    # Twelve users, the model and a baseline.
    assert told == [(12, 24), (24, 24)]
    assert kerasrec("evaluate", trained / "run", "--json")[0] == 0
    assert len(told) == 2


@pytest.mark.export
def test_an_export_with_rules(kerasrec, trained, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("pin: [{item: i3, position: 2}]\nexclude: [i4]\n")
    arguments = ["export", trained / "run", tmp_path / "knn", "-k", "6", "--rules", rules]
    assert kerasrec(*arguments)[0] == 0
    query = ("--history", "i1", "-k", "4", "--json")
    answers = kerasrec("recommend", tmp_path / "knn", *query)[1]["recommendations"]
    items = [row["item"] for row in answers]
    assert items[1] == "i3" and "i4" not in items and len(set(items)) == 4
    rules.write_text("exclude: [nothing]\n")
    status, _, error = kerasrec(*arguments)
    assert status == 2 and "the model does not know the items 'nothing'" in error
