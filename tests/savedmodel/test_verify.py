"""What counts as the same answer, and what is said of an export that gives another."""

import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.savedmodel.about import ABOUT, RECORDED, read_about
from kerasrec.savedmodel.files import list_files
from kerasrec.savedmodel.recorded import read_arrays, write_arrays
from kerasrec.savedmodel.verify import _compared, verify
from kerasrec_zoo import Popularity

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    frame = pd.DataFrame({"user": list("aaabbbcc"), "item": list("xyzxyzxw")})
    train = Interactions.from_frame(frame)
    model = Popularity(train.schema())
    model.adapt(train)
    directory = tmp_path_factory.mktemp("popularity") / "1"
    export(model, directory, k=4)
    return directory


@pytest.fixture
def copied(exported, tmp_path):
    """The export at another place, which it must not notice."""
    return shutil.copytree(exported, tmp_path / "elsewhere")


def rewrite(directory, **changes):
    """Changes recorded arrays by `changes[name with _ for /](array)`, and the file's hash."""
    arrays = read_arrays(directory / RECORDED)
    for name, change in changes.items():
        key = name.replace("__", "/")
        arrays[key] = change(arrays[key])
    write_arrays(directory / RECORDED, arrays)
    about = json.loads((directory / ABOUT).read_text())
    about["files"] = list_files(directory)
    (directory / ABOUT).write_text(json.dumps(about))


def test_a_moved_export_answers_as_python_did(copied):
    found = verify(copied)
    assert found["problems"] == []
    assert found["signatures"]["recommend"] == {
        "recorded": 200, "requests": 200, "difference": 0.0, "other": 0,
    }  # fmt: skip
    assert set(found["signatures"]) == {
        "recommend", "recommend_examples", "score", "embed_user", "embed_items",
    }  # fmt: skip


def test_a_number_and_an_item_that_differ_are_said(copied):
    rewrite(copied, answer__score__score=lambda scores: scores + 0.001)
    assert verify(copied)["problems"] == [
        "score: numbers differ from Python's by up to 0.001, at most 1e-05 is allowed"
    ]

    def moved(items):
        items = items.copy()
        row = int(np.flatnonzero(items[:, 0] == "x")[0])
        items[row, 0] = "w"
        return items

    rewrite(
        copied,
        answer__score__score=lambda scores: scores - 0.001,
        answer__recommend__item=moved,
    )
    (problem,) = verify(copied)["problems"]
    assert problem.startswith("recommend: ") and "items are other ones than Python's" in problem


def test_a_damaged_file_is_named_before_anything_runs(copied):
    (copied / "saved_model.pb").with_name("fingerprint.pb").unlink()
    assert verify(copied) == {"signatures": {}, "problems": ["fingerprint.pb is missing"]}


FILES = [
    "assets.extra/expected.npz", "assets.extra/items.json",
    "assets.extra/tf_serving_warmup_requests", "assets.extra/users.json", "fingerprint.pb",
    "saved_model.pb", "variables/variables.data-00000-of-00001", "variables/variables.index",
]  # fmt: skip


def test_every_file_of_an_export_is_listed_but_the_list(copied):
    files = {p.relative_to(copied).as_posix() for p in copied.rglob("*") if p.is_file()}
    assert files == {*FILES, ABOUT}


@pytest.mark.parametrize("name", FILES)
def test_one_byte_of_any_file_is_noticed(copied, name, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it is run"))
    content = bytearray((copied / name).read_bytes())
    content[len(content) * 2 // 3] ^= 1
    (copied / name).write_bytes(content)
    assert verify(copied)["problems"][0] == f"{name} is not the file that was written"
    (copied / name).write_bytes(content[:-1])
    assert verify(copied)["problems"][0] == f"{name} ends too early"
    (copied / name).write_bytes(content + b"x")
    assert verify(copied)["problems"][0] == f"{name} is not the file that was written"


def test_a_file_that_was_not_written_with_it_is_named(copied):
    (copied / "assets.extra" / "titles.json").write_text("[]")
    assert verify(copied) == {
        "signatures": {},
        "problems": ["assets.extra/titles.json was not written with it: take it out"],
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda about: about.pop("files"),
        lambda about: about["files"].update({"../../secret": {"bytes": 0, "sha256": ""}}),
        lambda about: about["files"].update({"/etc/passwd": {"bytes": 0, "sha256": ""}}),
        lambda about: about["files"].update({"items.json": "of format 1"}),
        lambda about: about["files"].pop("saved_model.pb"),
    ],
)
def test_a_list_of_files_that_is_none_is_refused(copied, change):
    about = json.loads((copied / ABOUT).read_text())
    change(about)
    (copied / ABOUT).write_text(json.dumps(about))
    with pytest.raises(InputError, match="has no list of its files"):
        verify(copied)


def test_what_is_no_export_is_refused(copied, tmp_path):
    with pytest.raises(InputError, match="is no SavedModel"):
        read_about(tmp_path)
    (copied / ABOUT).unlink()
    with pytest.raises(InputError, match="says nothing of itself"):
        verify(copied)
    (copied / ABOUT).write_text('{"format": 99}')
    with pytest.raises(InputError, match="export format 99, this kerasrec reads 2"):
        verify(copied)
    for text in ("[" * 100_000, "[]", "{}", "null"):
        (copied / ABOUT).write_text(text)
        with pytest.raises(InputError, match="says nothing of itself"):
            verify(copied)


def answers(items, scores):
    return {
        "recommend/item": np.array(items, object),
        "recommend/score": np.array(scores, "float32"),
    }


def compared(wanted, got, **more):
    expected = {f"answer/{name}": value for name, value in wanted.items()} | more
    found = {f"all/{name}": value for name, value in got.items()}
    return _compared(expected, found)["recommend"]


@pytest.mark.parametrize(
    ("items", "scores", "other"),
    [
        (["a", "b", "c"], [3.0, 2.0, 1.0], 0),
        (["b", "a", "c"], [3.0, 2.0, 1.0], 2),
        (["a", "c", "b"], [3.0, 2.0, 2.0], 0),  # equal scores stand in any order
        (["a", "b", "d"], [3.0, 2.0, 1.0], 0),  # beyond the last there may be an equal one
        (["d", "b", "c"], [3.0, 2.0, 1.0], 1),
    ],
)
def test_equal_scores_alone_may_change_places(items, scores, other):
    wanted = answers([["a", "b", "c"]], [scores])
    assert compared(wanted, answers([items], [scores]))["other"] == other


def test_the_last_of_a_row_that_asked_for_fewer_may_be_another_equal_one():
    wanted = answers([["a", "b", "", ""]], [[3.0, 2.0, -np.inf, -np.inf]])
    got = answers([["a", "d", "", ""]], [[3.0, 2.0, -np.inf, -np.inf]])
    assert compared(wanted, got)["other"] == 0
    got = answers([["d", "b", "", ""]], [[3.0, 2.0, -np.inf, -np.inf]])
    assert compared(wanted, got)["other"] == 1


def test_an_answer_where_there_is_none_is_another_one():
    wanted = answers([["a", ""]], [[3.0, -np.inf]])
    assert compared(wanted, answers([["a", "b"]], [[3.0, -np.inf]]))["other"] == 1
    assert compared(wanted, answers([["a", ""]], [[3.0, 1.0]]))["difference"] == np.inf


def test_scores_beyond_one_differ_by_a_share():
    wanted = answers([["a", "b"]], [[1000.0, 0.5]])
    got = answers([["a", "b"]], [[1000.5, 0.5]])
    assert compared(wanted, got)["difference"] == pytest.approx(0.0005)


def test_items_of_one_vector_change_places_in_a_sequence():
    wanted = answers([["a", "b", "c"]], [[3.0, 2.0, 1.0]])
    got = answers([["a", "d", "c"]], [[3.0, 2.0, 1.0]])
    items = np.array(["", "[unknown]", "a", "b", "c", "d"], object)
    assert compared(wanted, got, twins=np.array([0, 1, 2, 3, 4, 3]), items=items)["other"] == 0
    assert compared(wanted, got, twins=np.array([0, 1, 2, 3, 4, 5]), items=items)["other"] == 1


def test_a_number_that_is_none_is_no_empty_place():
    wanted = answers([["a", ""]], [[3.0, -np.inf]])
    for nothing in (np.nan, np.inf):
        assert compared(wanted, answers([["a", ""]], [[3.0, nothing]]))["difference"] == np.inf


def test_an_output_that_is_missing_is_noticed():
    wanted = answers([["a"]], [[1.0]])
    found = compared(wanted, {"recommend/item": np.array([["a"]])})
    assert (found["recorded"], found["requests"]) == (1, 0)


def test_fewer_answers_than_requests_are_noticed():
    wanted = answers([["a"], ["b"]], [[1.0], [2.0]])
    found = compared(wanted, answers([["a"]], [[1.0]]))
    assert (found["recorded"], found["requests"]) == (2, 1)
