"""`recommend --all-users` and the like, and `similar-items`."""

import pandas as pd
import pytest

from kerasrec.progress_bar import CountBar


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Checkpoints: ItemKNN, which has no item vectors, and MatrixFactorization."""
    from kerasrec.data import Interactions
    from kerasrec_zoo import ItemKNN, MatrixFactorization

    folder = tmp_path_factory.mktemp("models")
    rows = [(f"u{u}", f"i{(u + step * (1 + u % 2)) % 8}") for u in range(8) for step in range(4)]
    items = pd.DataFrame({"item": [f"i{n}" for n in range(8)]})
    items["name"] = ["Heat", "Casino", "Ronin", "Ronin", "Heat of the Night", "Go", "Big", "Up"]
    frame = pd.DataFrame(rows, columns=["user", "item"])
    train = Interactions.from_frame(frame, item_frame=items, item_title="name")
    for name, model in (
        ("knn", ItemKNN(train.schema())),
        ("mf", MatrixFactorization(train.schema(), dim=4)),
    ):
        model.adapt(train)
        model.save(folder / name)
    return folder


def test_all_users_into_a_file(kerasrec, models, tmp_path):
    path = tmp_path / "out.parquet"
    asked = ("recommend", models / "knn", "--all-users", "-k", 2, "--output", path)
    status, out, error = kerasrec(*asked)
    assert status == 0 and not error
    assert f"{path}: 16 rows, up to 2 for each of 8 users, in" in out
    _, one, _ = kerasrec("recommend", models / "knn", "--user", "u3", "-k", 2, "--json")
    found = pd.read_parquet(path)
    assert found[found["user"] == "u3"]["item"].tolist() == [
        row["item"] for row in one["recommendations"]
    ]
    status, _, error = kerasrec(*asked)
    assert status == 2 and "exists already" in error
    assert kerasrec(*asked, "--overwrite")[0] == 0


def test_users_of_a_file_and_items_of_files(kerasrec, models, tmp_path):
    (tmp_path / "users.txt").write_text("u1\nnobody\n")
    (tmp_path / "allowed.txt").write_text("i1\ni2\ni7\n")
    pd.DataFrame({"item": ["i7", "who"]}).to_csv(tmp_path / "unwanted.csv", index=False)
    limits = ("--allow", tmp_path / "allowed.txt", "--exclude", tmp_path / "unwanted.csv")
    limits = (*limits, "--repeats", "allow")
    path = tmp_path / "out.parquet"
    status, found, error = kerasrec(
        "recommend", models / "knn", "--users", tmp_path / "users.txt", "--output", path, *limits,
        "--json",
    )  # fmt: skip
    assert status == 0 and found["queries"] == 2 and found["notes"] == error.splitlines()
    assert "1 unknown exclude item id, left out: who" in error
    assert "1 unknown user id, answered" in error and "nobody" in error
    assert set(pd.read_parquet(path)["item"]) == {"i1", "i2"}
    _, one, _ = kerasrec("recommend", models / "knn", "--user", "u1", *limits, "--json")
    assert {row["item"] for row in one["recommendations"]} == {"i1", "i2"}


def test_ctrl_c_says_how_to_continue(kerasrec, models, tmp_path, monkeypatch):
    path = tmp_path / "out.parquet"
    asked = ("recommend", models / "knn", "--all-users", "--output", path)

    def stop(bar, done, total):
        raise KeyboardInterrupt

    monkeypatch.setattr(CountBar, "__call__", stop)
    status, _, error = kerasrec(*asked)
    assert status == 130 and error == "stopped\n" and not list(tmp_path.iterdir())
    monkeypatch.setattr("kerasrec.batch_inference.id_queries.PART_ROWS", 3)
    monkeypatch.setattr(
        CountBar, "__call__", lambda bar, done, _: stop(bar, 0, 0) if done > 3 else 0
    )
    status, _, error = kerasrec(*asked)
    assert status == 130
    assert "out.parquet.parts keeps what is done: the same command continues" in error
    monkeypatch.undo()
    status, out, _ = kerasrec(*asked)
    assert status == 0 and "for each of 8 users, 3 of them before, in" in out


def test_similar_items_by_id_or_title(kerasrec, models):
    status, found, _ = kerasrec("similar-items", models / "mf", "i5", "-k", 3, "--json")
    assert status == 0 and found["item"] == "i5" and found["title"] == "Go"
    rows = found["similar_items"]
    assert [row["rank"] for row in rows] == [1, 2, 3] and "i5" not in [row["item"] for row in rows]
    for asked in (["similar", models / "mf", "go"], ["recommend", models / "mf", "--item", "Go"]):
        assert kerasrec(*asked, "-k", 3, "--json")[1] == found
    status, out, _ = kerasrec("similar", models / "mf", "Casino", "-k", 2)
    assert status == 0 and "Similar to i1, Casino" in out and "title" in out


def test_a_model_without_vectors_answers_after_the_item(kerasrec, models):
    status, found, error = kerasrec("similar", models / "knn", "Up", "-k", 3, "--json")
    assert status == 0 and "no item vectors to compare: these are its recommendations" in error
    after = kerasrec("recommend", models / "knn", "--history", "i7", "-k", 3, "--json")[1]
    assert [row["item"] for row in found["similar_items"]] == [
        row["item"] for row in after["recommendations"]
    ]


def test_similar_items_of_all(kerasrec, models, tmp_path):
    path = tmp_path / "out.parquet"
    asked = ("similar-items", models / "mf", "--all", "-k", 2, "--output", path)
    status, out, _ = kerasrec(*asked)
    assert status == 0 and "16 rows, up to 2 for each of 8 items" in out
    assert list(pd.read_parquet(path)) == ["item", "rank", "similar_item", "score"]


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["recommend", "{}/knn", "--all-users"], "give --output, such as out.parquet"),
        (["recommend", "{}/knn", "--all-users", "--output", "{}/no/o.parquet"], "does not exist"),
        (["recommend", "{}/knn", "--user", "u1", "--output", "o.parquet"], "--output belongs to"),
        (["recommend", "{}/knn", "--item", "i1", "--explain"], "does not go with --item"),
        (["recommend", "{}/knn", "--user", "u1", "--allow", "gone.txt"], "gone.txt is missing"),
        (["similar", "{}/mf"], "give an item, or --all"),
        (["similar", "{}/mf", "i1", "--all"], "give an item, or --all"),
        (["similar", "{}/mf", "i1", "--overwrite"], "--overwrite belongs to --all"),
        (["similar", "{}/mf", "Ronin"], "give one of these ids: i2: Ronin; i3: Ronin"),
        (["similar", "{}/mf", "night"], "give one of these ids: i4: Heat of the Night"),
        (["similar", "{}/mf", "Psycho"], "does not know the item 'Psycho'"),
        (["similar", "{}/knn", "--all", "--output", "{}/o.parquet"], "has no item vectors"),
    ],
)  # fmt: skip
def test_what_is_wrong_ends_with_status_2(kerasrec, models, arguments, words):
    status, out, error = kerasrec(*(one.format(models) for one in arguments))
    assert status == 2 and words in error and not out and "Traceback" not in error
