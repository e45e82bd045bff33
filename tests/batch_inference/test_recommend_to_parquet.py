import collections
import json
import pathlib

import numpy as np
import pandas as pd
import pytest

from kerasrec.batch_inference import recommend_to_parquet
from kerasrec.errors import InputError
from kerasrec.files.folder_lock import FolderLock

pytestmark = pytest.mark.filterwarnings("ignore:.*(unknown|history cut|no history)")


def recommended(model, **query):
    """What `recommend` answers, with the columns and types of the file."""
    frame = model.recommend(**query).drop(columns="title")
    return frame.astype({"user": "str", "rank": "int32", "score": "float32"})


def same(path, frame):
    found = pd.read_parquet(path)
    assert list(found) == ["user", "rank", "item", "score"]
    pd.testing.assert_frame_equal(
        found, frame[list(found)].astype(found.dtypes), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"k": 3},
        {"exclude": ["i3", "i4"]},
        {"allow": ["i1", "i7"], "k": 2},
        {"repeats": "allow"},
    ],
)
def test_all_users_get_what_recommend_answers(knn, tmp_path, small_parts, options):
    path, counts = tmp_path / "out.parquet", []
    report = recommend_to_parquet(
        knn, path, progress=lambda done, total: counts.append((done, total)), **options
    )
    users = knn.users.vocabulary.ids.tolist()
    frame = recommended(knn, users=users, **options)
    same(path, frame)
    assert report["rows"] == len(frame) and report["queries"] == 12 and report["resumed"] == 0
    assert counts[0] == (0, 12) and counts[-1] == (12, 12) and counts == sorted(counts)
    assert [one.name for one in tmp_path.iterdir()] == ["out.parquet"]


def test_unknown_users_of_a_file_are_counted_over_all_parts(knn, tmp_path, small_parts):
    names = ["u3", "nobody", "u4", "x1", "x2", "x3", "u5", "x4", "x5", "x6"]
    (tmp_path / "users.txt").write_text("\n".join(names) + "\n\n")
    report = recommend_to_parquet(knn, tmp_path / "out.parquet", users=tmp_path / "users.txt", k=2)
    same(tmp_path / "out.parquet", recommended(knn, users=names, k=2))
    assert report["notes"] == [
        f"7 unknown user ids, answered {knn.unknown_user}: nobody, x1, x2, x3, x4, ..."
    ]


def test_users_of_a_list_or_of_a_table_are_texts(factors, tmp_path):
    users = ["u3", "u4"]
    pd.DataFrame({"other": [1, 2], "user": users}).to_csv(tmp_path / "users.csv", index=False)
    for number, given in enumerate((users, pd.Series(users), tmp_path / "users.csv")):
        path = tmp_path / f"{number}.parquet"
        recommend_to_parquet(factors, path, users=given, k=2)
        same(path, recommended(factors, users=users, k=2))


def test_histories_are_answered_by_row_number(knn, tmp_path, small_parts):
    histories = [["i1", "i2"], ["i5"], [], None, ["nothing", "i3"], ["i9"] * 7, ["nothing"]]
    given = [each or [] for each in histories]
    file, path = tmp_path / "h.parquet", tmp_path / "out.parquet"
    pd.DataFrame({"history": histories}).to_parquet(file, row_group_size=2)
    report = recommend_to_parquet(knn, path, histories=file, k=3)
    same(path, recommended(knn, histories=given, k=3))
    assert report["notes"] == [
        "2 unknown history item ids, left out: nothing, nothing",
        f"3 of 7 queries have no history that the model knows: answered {knn.unknown_user}",
        "1 of 7 histories has more than 5 items: the last 5 are read",
    ]


def test_a_row_without_items_takes_the_stored_history_of_its_user(knn, tmp_path):
    file, path = tmp_path / "h.parquet", tmp_path / "out.parquet"
    table = {"user": ["u1", "new", "u2"], "history": [["i8"], ["i7", "i6"], []]}
    pd.DataFrame(table).to_parquet(file)
    recommend_to_parquet(knn, path, histories=file, k=2)
    given = recommended(knn, users=["u1", "new"], histories=[["i8"], ["i7", "i6"]], k=2)
    same(path, pd.concat([given, recommended(knn, users=["u2"], k=2)], ignore_index=True))


def test_reasons_are_those_of_recommend(knn, tmp_path):
    path = tmp_path / "out.parquet"
    recommend_to_parquet(knn, path, users=["u3", "u4"], k=2, explain=True)
    found = pd.read_parquet(path)
    expected = knn.recommend(users=["u3", "u4"], k=2, explain=True)
    for one, other in zip(found["reasons"], expected["reasons"], strict=True):
        assert [reason["item"] for reason in one] == [reason["item"] for reason in other]
        np.testing.assert_allclose(
            [reason["contribution"] for reason in one],
            [reason["contribution"] for reason in other],
            rtol=1e-5,
        )
    assert {reason["title"] for reason in found["reasons"][0]} & {f"Item {n}" for n in range(10)}


class Stopping:
    """Raises as Ctrl-C does when so many queries are answered."""

    def __init__(self, at):
        self.at = at

    def __call__(self, done, total):
        if done >= self.at:
            raise KeyboardInterrupt


def interrupted(model, path, **options):
    with pytest.raises(KeyboardInterrupt):
        recommend_to_parquet(model, path, progress=Stopping(at=11), **options)
    assert not path.exists()
    return path.with_name(f"{path.name}.parts")


def test_after_ctrl_c_the_same_call_continues(knn, tmp_path, small_parts, monkeypatch):
    path = tmp_path / "out.parquet"
    parts = interrupted(knn, path, k=3)
    names = ["part-000000.parquet", "part-000001.parquet", "request.json"]
    assert sorted(one.name for one in parts.iterdir()) == names
    asked, encode = [], type(knn).encode_queries
    monkeypatch.setattr(
        type(knn),
        "encode_queries",
        lambda self, x: asked.append(len(x["history"])) or encode(self, x),
    )
    report = recommend_to_parquet(knn, path, k=3)
    assert report["resumed"] == 10 and sum(asked) == 2
    monkeypatch.undo()
    same(path, recommended(knn, users=knn.users.vocabulary.ids.tolist(), k=3))
    assert not parts.exists()


def test_histories_continue_in_the_middle_of_a_row_group(knn, tmp_path, small_parts):
    histories = [[f"i{n % 10}", f"i{(n + 3) % 10}"] for n in range(12)]
    file, path = tmp_path / "h.parquet", tmp_path / "out.parquet"
    pd.DataFrame({"history": histories}).to_parquet(file, row_group_size=8)
    interrupted(knn, path, histories=file)
    report = recommend_to_parquet(knn, path, histories=file)
    assert report["resumed"] >= 5
    same(path, recommended(knn, histories=histories))


def test_a_damaged_part_is_computed_again(knn, tmp_path, small_parts):
    path = tmp_path / "out.parquet"
    last = interrupted(knn, path, k=3) / "part-000001.parquet"
    last.write_bytes(last.read_bytes()[:-9])
    assert recommend_to_parquet(knn, path, k=3)["resumed"] == 5
    same(path, recommended(knn, users=knn.users.vocabulary.ids.tolist(), k=3))


@pytest.mark.parametrize(
    "change,words",
    [
        ({"k": 4}, "k 3, not 4"),
        ({"exclude": ["i1"]}, "exclude"),
        ({"users": ["u1"]}, "other users"),
        ({"repeats": "allow"}, "repeats mask, not allow"),
        ({"explain": True}, "explain"),
    ],
)
def test_another_request_does_not_continue(knn, tmp_path, small_parts, change, words):
    path = tmp_path / "out.parquet"
    parts = interrupted(knn, path, k=3)
    with pytest.raises(InputError, match=f"(?s)parts of another request .*{words}.*--overwrite"):
        recommend_to_parquet(knn, path, **{"k": 3, **change})
    assert len(list(parts.glob("*.parquet"))) == 2
    report = recommend_to_parquet(knn, path, **{"k": 3, **change}, overwrite=True)
    assert report["resumed"] == 0 and not parts.exists()


def test_another_model_does_not_continue(train, knn, factors, tmp_path, small_parts):
    from kerasrec_zoo import ItemKNN

    path = tmp_path / "out.parquet"
    interrupted(knn, path)
    other = ItemKNN(train.schema(history_length=5), num_neighbours=3)
    other.adapt(train)
    with pytest.raises(InputError, match="another model"):
        recommend_to_parquet(other, path)
    before = factors.get_weights()
    path = tmp_path / "factors.parquet"
    interrupted(factors, path)
    try:
        factors.set_weights([value + 1 for value in before])
        with pytest.raises(InputError, match="another model"):
            recommend_to_parquet(factors, path)
    finally:
        factors.set_weights(before)
    assert recommend_to_parquet(factors, path)["resumed"] == 10


def test_a_full_disk_leaves_the_finished_parts(knn, tmp_path, small_parts, largest_file):
    path = tmp_path / "out.parquet"
    parts = interrupted(knn, path)
    size = max(one.stat().st_size for one in parts.iterdir())
    # Enough for each part, not for all of them in one file.
    with largest_file(size + 50), pytest.raises(InputError, match="out.parquet: cannot be written"):
        recommend_to_parquet(knn, path)
    assert not path.exists() and len(list(parts.glob("*.parquet"))) == 3
    with largest_file(10), pytest.raises(InputError, match="cannot be written"):
        recommend_to_parquet(knn, tmp_path / "other.parquet")
    assert [one.name for one in tmp_path.iterdir()] == [parts.name]
    assert recommend_to_parquet(knn, path)["resumed"] == 12
    same(path, recommended(knn, users=knn.users.vocabulary.ids.tolist()))


def test_a_disk_that_is_too_small_is_noticed_after_the_first_part(
    knn, tmp_path, small_parts, monkeypatch
):
    path = tmp_path / "out.parquet"
    room = collections.namedtuple("usage", "free")(3000)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: room)
    with pytest.raises(InputError, match="5 of 12 queries took .* 0.0 MiB are free"):
        recommend_to_parquet(knn, path)
    monkeypatch.undo()
    assert recommend_to_parquet(knn, path)["resumed"] == 5


def test_one_process_at_a_time(knn, tmp_path):
    with FolderLock(tmp_path / "out.parquet.parts"):
        with pytest.raises(InputError, match="in use by process"):
            recommend_to_parquet(knn, tmp_path / "out.parquet")


def test_an_output_is_replaced_only_if_told(knn, tmp_path):
    path = tmp_path / "out.parquet"
    path.write_text("mine")
    with pytest.raises(InputError, match="exists already.*--overwrite"):
        recommend_to_parquet(knn, path)
    assert path.read_text() == "mine"
    assert recommend_to_parquet(knn, path, overwrite=True, k=1)["rows"] == 12


@pytest.mark.parametrize(
    "name,options,words",
    [
        ("gone/out.parquet", {}, "the folder .*gone does not exist"),
        ("out.csv", {}, "a name that ends in .parquet"),
        (
            "out.parquet",
            {"k": 11},
            "k must be a whole number between 1 and the .* 10",
        ),
        ("out.parquet", {"k": 2.0}, "k must be a whole number"),
        ("out.parquet", {"users": []}, "the list of queries is empty"),
        ("out.parquet", {"users": "empty.txt"}, "the list of queries is empty"),
        ("out.parquet", {"users": "empty.csv"}, "the list of queries is empty"),
        ("out.parquet", {"users": "gone.txt"}, "gone.txt is missing"),
        ("out.parquet", {"users": "other.csv"}, "columns 'id', 'item': expected one named 'user'"),
        ("out.parquet", {"histories": "other.parquet"}, "columns 'id': expected .*'history'"),
        ("out.parquet", {"histories": "h.parquet", "users": ["u1"]}, "users or histories"),
        ("out.parquet", {"allow": ["who"]}, "allow holds no item that the model knows"),
        ("out.parquet", {"allow": []}, "allow holds no item"),
        ("out.parquet", {"repeats": "never"}, "repeats must be one of mask, allow"),
    ],
)
def test_what_is_wrong_is_refused_and_leaves_nothing(
    knn, tmp_path, monkeypatch, name, options, words
):
    monkeypatch.chdir(tmp_path)
    files = {"empty.txt": "\n", "empty.csv": "", "other.csv": "id,item\n1,2\n"}
    for file, text in files.items():
        pathlib.Path(file).write_text(text)
    pd.DataFrame({"id": [1]}).to_parquet("other.parquet")
    pd.DataFrame({"history": [["i1"]]}).to_parquet("h.parquet")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=words):
        recommend_to_parquet(knn, name, **options)
    assert sorted(tmp_path.iterdir()) == before


def test_histories_are_refused_by_a_model_of_known_users(factors, tmp_path):
    pd.DataFrame({"history": [["i1"]]}).to_parquet(tmp_path / "h.parquet")
    with pytest.raises(InputError, match="answers known users only .*give users, not histories"):
        recommend_to_parquet(factors, tmp_path / "out.parquet", histories=tmp_path / "h.parquet")


def test_unknown_items_to_leave_out_are_noted(knn, tmp_path):
    report = recommend_to_parquet(knn, tmp_path / "out.parquet", exclude=["i1", "who"])
    assert report["notes"] == ["1 unknown exclude item id, left out: who"]
    assert json.dumps(report)
