import datetime

import pyarrow
import pyarrow.parquet
import pytest

from kerasrec.batch_inference import history_file
from kerasrec.batch_inference.history_file import HistoryFile
from kerasrec.errors import InputError


def write(path, **columns):
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=2)
    return path


def test_ids_are_texts_and_rows_have_numbers(tmp_path):
    time = datetime.datetime(2024, 1, 2)
    file = HistoryFile(
        write(
            tmp_path / "h.parquet", history=[[7, 8], None, []], timestamp=[[time, None], [], None],
            behavior=[["buy", None], [], []], other=[1, 2, 3],
        )
    )  # fmt: skip
    (queries,) = file.parts()
    assert file.count == 3 and file.columns == ["history", "behavior", "timestamp"]
    assert queries.names == ["0", "1", "2"] and queries.users is None
    assert queries.histories == [["7", "8"], [], []]
    assert queries.behaviors == [["buy", ""], [], []]
    assert queries.timestamps == [[time, None], [], []]


@pytest.mark.parametrize("start", range(8))
def test_parts_begin_anywhere(tmp_path, start, monkeypatch):
    monkeypatch.setattr(history_file, "READ_ROWS", 3)
    monkeypatch.setattr(history_file, "PART_ITEMS", 4)
    histories = [[n] * n for n in range(7)]
    parts = list(HistoryFile(write(tmp_path / "h.parquet", history=histories)).parts(start))
    assert [name for part in parts for name in part.names] == [str(n) for n in range(start, 7)]
    found = [history for part in parts for history in part.histories]
    assert found == [[str(n)] * n for n in range(start, 7)]


def test_users_are_names(tmp_path):
    file = write(tmp_path / "h.parquet", user=[4, None], history=[["a"], ["b"]])
    (queries,) = HistoryFile(file).parts()
    assert queries.names == queries.users == ["4", ""]


def test_other_lengths_and_types_are_refused(tmp_path):
    path = write(tmp_path / "a.parquet", history=[["a"], ["b", "c"]], behavior=[["x"], ["y"]])
    with pytest.raises(InputError, match="row 1: 1 values in 'behavior' for the 2 items"):
        list(HistoryFile(path).parts())
    with pytest.raises(InputError, match="column 'history' is string: expected a list"):
        HistoryFile(write(tmp_path / "b.parquet", history=["a b"]))
