"""Which answers count as equal, and which problems are reported."""

import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.savedmodel.files import list_files
from kerasrec.savedmodel.metadata import EXPECTED, METADATA, read_metadata
from kerasrec.savedmodel.npz_file import read_arrays, write_arrays
from kerasrec.savedmodel.verify import compare_answers, verify
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
    """A copy of the export in another folder."""
    return shutil.copytree(exported, tmp_path / "elsewhere")


def rewrite(directory, **changes):
    """Changes recorded arrays by `changes[name with __ for /](array)`, and the file's hash."""
    arrays = read_arrays(directory / EXPECTED)
    for name, change in changes.items():
        key = name.replace("__", "/")
        arrays[key] = change(arrays[key])
    write_arrays(directory / EXPECTED, arrays)
    metadata = json.loads((directory / METADATA).read_text())
    metadata["files"] = list_files(directory)
    (directory / METADATA).write_text(json.dumps(metadata))


def test_a_copied_export_gives_pythons_answers(copied):
    found = verify(copied)
    assert found["problems"] == []
    assert found["signatures"]["recommend"] == {
        "recorded": 200, "requests": 200, "difference": 0.0, "other": 0,
    }  # fmt: skip
    assert set(found["signatures"]) == {
        "recommend", "recommend_examples", "score", "embed_user", "embed_items",
    }  # fmt: skip


def test_differing_numbers_and_items_are_reported(copied):
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
    assert problem.startswith("recommend: ") and "items differ from Python's" in problem


def test_a_missing_file_is_reported_before_anything_runs(copied):
    (copied / "saved_model.pb").with_name("fingerprint.pb").unlink()
    assert verify(copied) == {"signatures": {}, "problems": ["fingerprint.pb is missing"]}


FILES = [
    "assets.extra/expected.npz", "assets.extra/items.json",
    "assets.extra/tf_serving_warmup_requests", "assets.extra/users.json", "fingerprint.pb",
    "saved_model.pb", "variables/variables.data-00000-of-00001", "variables/variables.index",
]  # fmt: skip


def test_every_file_except_the_metadata_is_listed(copied):
    files = {p.relative_to(copied).as_posix() for p in copied.rglob("*") if p.is_file()}
    assert files == {*FILES, METADATA}


@pytest.mark.parametrize("name", FILES)
def test_a_change_of_one_byte_in_any_file_is_reported(copied, name, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it is run"))
    content = bytearray((copied / name).read_bytes())
    content[len(content) * 2 // 3] ^= 1
    (copied / name).write_bytes(content)
    assert verify(copied)["problems"][0] == f"{name} is not the file that was written"
    (copied / name).write_bytes(content[:-1])
    assert verify(copied)["problems"][0] == f"{name} ends too early"
    (copied / name).write_bytes(content + b"x")
    assert verify(copied)["problems"][0] == f"{name} is not the file that was written"


def test_an_unlisted_file_is_reported(copied):
    (copied / "assets.extra" / "titles.json").write_text("[]")
    assert verify(copied) == {
        "signatures": {},
        "problems": ["assets.extra/titles.json does not belong to the export: remove it"],
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda metadata: metadata.pop("files"),
        lambda metadata: metadata["files"].update({"../../secret": {"bytes": 0, "sha256": ""}}),
        lambda metadata: metadata["files"].update({"/etc/passwd": {"bytes": 0, "sha256": ""}}),
        lambda metadata: metadata["files"].update({"items.json": "of format 1"}),
        lambda metadata: metadata["files"].pop("saved_model.pb"),
    ],
)
def test_an_invalid_list_of_files_is_refused(copied, change):
    metadata = json.loads((copied / METADATA).read_text())
    change(metadata)
    (copied / METADATA).write_text(json.dumps(metadata))
    with pytest.raises(InputError, match="has no list of its files"):
        verify(copied)


def test_a_folder_that_is_not_an_export_is_refused(copied, tmp_path):
    with pytest.raises(InputError, match="is not a SavedModel"):
        read_metadata(tmp_path)
    (copied / METADATA).unlink()
    with pytest.raises(InputError, match="has no valid metadata"):
        verify(copied)
    (copied / METADATA).write_text('{"format": 99}')
    with pytest.raises(InputError, match="export format 99, this kerasrec reads 2"):
        verify(copied)
    for text in ("[" * 100_000, "[]", "{}", "null"):
        (copied / METADATA).write_text(text)
        with pytest.raises(InputError, match="has no valid metadata"):
            verify(copied)


def answers(items, scores):
    return {
        "recommend/item": np.array(items, object),
        "recommend/score": np.array(scores, "float32"),
    }


def compare(wanted, got, **more):
    expected = {f"answer/{name}": value for name, value in wanted.items()} | more
    found = {f"all/{name}": value for name, value in got.items()}
    return compare_answers(expected, found)["recommend"]


@pytest.mark.parametrize(
    ("items", "scores", "other"),
    [
        (["a", "b", "c"], [3.0, 2.0, 1.0], 0),
        (["b", "a", "c"], [3.0, 2.0, 1.0], 2),
        (["a", "c", "b"], [3.0, 2.0, 2.0], 0),  # equal scores may be in any order
        (["a", "b", "d"], [3.0, 2.0, 1.0], 0),  # the last may be tied with one that is cut off
        (["d", "b", "c"], [3.0, 2.0, 1.0], 1),
    ],
)
def test_only_equal_scores_may_swap(items, scores, other):
    wanted = answers([["a", "b", "c"]], [scores])
    assert compare(wanted, answers([items], [scores]))["other"] == other


def test_the_last_item_of_a_shorter_row_may_be_tied():
    wanted = answers([["a", "b", "", ""]], [[3.0, 2.0, -np.inf, -np.inf]])
    got = answers([["a", "d", "", ""]], [[3.0, 2.0, -np.inf, -np.inf]])
    assert compare(wanted, got)["other"] == 0
    got = answers([["d", "b", "", ""]], [[3.0, 2.0, -np.inf, -np.inf]])
    assert compare(wanted, got)["other"] == 1


def test_an_answer_in_place_of_padding_differs():
    wanted = answers([["a", ""]], [[3.0, -np.inf]])
    assert compare(wanted, answers([["a", "b"]], [[3.0, -np.inf]]))["other"] == 1
    assert compare(wanted, answers([["a", ""]], [[3.0, 1.0]]))["difference"] == np.inf


def test_large_scores_differ_relatively():
    wanted = answers([["a", "b"]], [[1000.0, 0.5]])
    got = answers([["a", "b"]], [[1000.5, 0.5]])
    assert compare(wanted, got)["difference"] == pytest.approx(0.0005)


def test_items_of_equal_vectors_may_swap_in_a_sequence():
    wanted = answers([["a", "b", "c"]], [[3.0, 2.0, 1.0]])
    got = answers([["a", "d", "c"]], [[3.0, 2.0, 1.0]])
    items = np.array(["", "[unknown]", "a", "b", "c", "d"], object)
    assert compare(wanted, got, twins=np.array([0, 1, 2, 3, 4, 3]), items=items)["other"] == 0
    assert compare(wanted, got, twins=np.array([0, 1, 2, 3, 4, 5]), items=items)["other"] == 1


def test_nan_and_infinity_are_not_padding():
    wanted = answers([["a", ""]], [[3.0, -np.inf]])
    for nothing in (np.nan, np.inf):
        assert compare(wanted, answers([["a", ""]], [[3.0, nothing]]))["difference"] == np.inf


def test_a_missing_output_is_reported():
    wanted = answers([["a"]], [[1.0]])
    found = compare(wanted, {"recommend/item": np.array([["a"]])})
    assert (found["recorded"], found["requests"]) == (1, 0)


def test_fewer_answers_than_requests_are_reported():
    wanted = answers([["a"], ["b"]], [[1.0], [2.0]])
    found = compare(wanted, answers([["a"]], [[1.0]]))
    assert (found["recorded"], found["requests"]) == (2, 1)
