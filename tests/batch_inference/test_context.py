"""Features of a request: columns of the file, or one value for all."""

import datetime

import numpy as np
import pandas as pd
import pytest

from kerasrec.batch_inference import recommend_to_parquet
from kerasrec.batch_inference.export_context import export_context
from kerasrec.batch_inference.history_file import HistoryFile
from kerasrec.batch_inference.id_file import IdFile
from kerasrec.batch_inference.id_queries import IdQueries
from kerasrec.errors import InputError

USERS = ["u1", "u2", "u3", "u4", "u5", "u6", "u7"]
COLUMNS = {
    "hour": [9, 10, 11, 12, 23, 0, 5],
    "price": [3.5, np.nan, 12, 8, 9, 10, 11],
    "tags": ["a|b", "c", None, "b", "", "b|c", "nobody knows it"],
}
CONSTANT = {"query": "red hat", "at": "2024-01-01 10:00"}
# The same for the model in Python.
ALL = {**COLUMNS, "query": ["red hat"] * 7, "at": [1704103200] * 7}
ABSENT = "context: place not given: answered as if missing"


@pytest.fixture
def files(tmp_path):
    """The table as Parquet and as CSV, with a blank user and a column that is not read."""
    frame = pd.DataFrame({"user": USERS, "other": 1, **COLUMNS})
    blank = pd.DataFrame({"user": [""], "hour": [1]})
    frame = pd.concat([frame[:3], blank, frame[3:]])
    frame.to_parquet(tmp_path / "users.parquet")
    frame["hour"] = frame["hour"].astype(int)
    frame.to_csv(tmp_path / "users.csv", index=False)
    return tmp_path / "users.parquet", tmp_path / "users.csv"


def test_ids_and_columns_of_a_file(files):
    for path, hours in zip(files, (COLUMNS["hour"], list(map(str, COLUMNS["hour"]))), strict=True):
        file = IdFile(path, "user", ["price", "hour", "season"])
        assert file.context == ["price", "hour"]
        ((ids, context),) = file.rows()
        assert ids == USERS == [one for some in file for one in some]
        assert context["hour"] == hours and len(context["price"]) == 7


def test_the_fingerprint_covers_the_columns(tmp_path, files):
    frame = pd.read_parquet(files[0])
    names = ["hour"]
    before = IdQueries(IdFile(files[0], "user", names))
    assert before.fingerprint == IdQueries(IdFile(files[0], "user", names)).fingerprint
    frame.loc[frame.index[2], "hour"] = 7
    frame.to_parquet(tmp_path / "changed.parquet")
    assert (
        before.fingerprint
        != IdQueries(IdFile(tmp_path / "changed.parquet", "user", names)).fingerprint
    )


def test_parts_keep_the_columns_beside_their_users(files, monkeypatch):
    monkeypatch.setattr("kerasrec.batch_inference.id_queries.PART_ROWS", 3)
    queries = IdQueries(IdFile(files[0], "user", ["hour"]))
    parts = list(queries.parts(2))
    assert [one.users for one in parts] == [USERS[2:5], USERS[5:]]
    assert [one.context["hour"] for one in parts] == [[11, 12, 23], [0, 5]]
    some = parts[0].take([2, 0])
    assert (some.users, some.context) == (["u5", "u3"], {"hour": [23, 11]})


def test_histories_have_columns_of_features(tmp_path, small_parts):
    table = {"history": [["i1"], [], ["i2", "i3"], ["i0"]], "hour": [1, 2, None, 4]}
    pd.DataFrame(table).to_parquet(tmp_path / "h.parquet")
    file = HistoryFile(tmp_path / "h.parquet", ["hour", "price"])
    assert file.context == ["hour"] and file.columns == ["history"]
    (part,) = file.parts(1)
    assert part.histories == table["history"][1:] and part.context == {"hour": [2, None, 4]}


def test_inputs_of_an_export_are_read_as_encoders_read_them():
    kinds = {
        "hour": {"kind": "category"},
        "tags": {"kind": "categories", "separator": ";"},
        "price": {"kind": "number"},
        "at": {"kind": "time"},
        "place": {"kind": "vector", "size": 2},
        "query": {"kind": "text"},
    }
    given = {
        "hour": [9.0, "10", None],
        "tags": ["a; b", ["c", 7], None],
        "price": ["1.5", 2, None],
        "at": [datetime.datetime(2024, 1, 1, 10), pd.NaT, "2024-01-01T10:00:01"],
        "place": ["[1, 2.5]", (3, 4), None],
        "query": ["x", 5, np.nan],
    }
    found = export_context({"context": kinds}, given)
    assert found["hour"].tolist() == ["9", "10", ""]
    assert found["tags"].tolist() == [["a", "b"], ["c", "7"], ["", ""]]
    np.testing.assert_array_equal(found["price"], np.float32([1.5, 2, np.nan]))
    assert found["at"].tolist() == [1704103200, 0, 1704103201]
    assert found["place"].tolist() == [[1, 2.5], [3, 4], [0, 0]]
    assert found["query"].tolist() == ["x", "5", ""]
    with pytest.raises(InputError, match="'hour' \\(category\\), request 1: expected one text"):
        export_context({"context": kinds}, {"hour": ["9", ["10"]]})


@pytest.mark.slow
def test_model_and_export_answer_with_the_columns(
    context_ranker, context_export, files, tmp_path, small_parts
):
    with pytest.warns(UserWarning, match=ABSENT):
        expected = context_ranker.recommend(users=USERS, k=3, context=ALL)
    # The order of the answers is that of the users.
    for number, source in enumerate((context_ranker, context_export)):
        for file in files:
            path = tmp_path / f"{number}-{file.suffix[1:]}.parquet"
            report = recommend_to_parquet(source, path, users=file, k=3, context=CONSTANT)
            assert report["notes"] == [ABSENT]
            found = pd.read_parquet(path)
            assert list(found["user"]) == list(expected["user"])
            assert list(found["item"]) == list(expected["item"])
            np.testing.assert_allclose(found["score"], expected["score"], rtol=1e-4)


@pytest.mark.slow
def test_one_value_for_all_users(context_ranker, context_export, tmp_path):
    given = {"hour": 9, "price": 12}
    answers = []
    for number, source in enumerate((context_ranker, context_export)):
        path = tmp_path / f"{number}.parquet"
        report = recommend_to_parquet(source, path, k=2, context=given)
        absent = "context: tags, query, at, place not given: answered as if missing"
        assert report["notes"] == [absent] and report["queries"] == 8
        answers.append(pd.read_parquet(path))
    pd.testing.assert_frame_equal(*answers, rtol=1e-4)
    with pytest.warns(UserWarning, match="not given"):
        one = context_ranker.recommend(users=["u3"], k=2, context=given)
    assert answers[0][answers[0]["user"] == "u3"]["item"].tolist() == list(one["item"])


@pytest.mark.slow
def test_wrong_features_are_refused(context_ranker, context_export, files, tmp_path):
    for source in (context_ranker, context_export):
        with pytest.raises(
            InputError, match="reads no feature 'hours' of a request; it reads hour"
        ):
            recommend_to_parquet(source, tmp_path / "a.parquet", context={"hours": 1})
        with pytest.raises(InputError, match="hour of all, and a column of the file: give one"):
            recommend_to_parquet(
                source, tmp_path / "a.parquet", users=files[0], context={"hour": 1}
            )
        with pytest.raises(InputError, match="'price' \\(number\\).* 'x' is not a finite number"):
            recommend_to_parquet(source, tmp_path / "a.parquet", context={"price": "x"})


@pytest.mark.slow
def test_finished_parts_of_other_features_are_not_continued(context_ranker, tmp_path, small_parts):
    path = tmp_path / "a.parquet"

    def stop(done, total):
        if done > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recommend_to_parquet(context_ranker, path, k=2, context={"hour": 9}, progress=stop)
    with pytest.raises(InputError, match="another request .context .*9.*, not .*10"):
        recommend_to_parquet(context_ranker, path, k=2, context={"hour": 10})
    assert recommend_to_parquet(context_ranker, path, k=2, context={"hour": 9})["resumed"] == 5
