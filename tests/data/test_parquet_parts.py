import decimal
import uuid

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet as parquet
import pytest

from kerasrec.config.load import load_config
from kerasrec.data import Catalog, Interactions
from kerasrec.data.arrow_columns import arrow_frame
from kerasrec.data.parquet_parts import fits_into_memory, read_parquet
from kerasrec.data.reading import as_table
from kerasrec.data.text_table import read_csv
from kerasrec.errors import InputError
from kerasrec.training.read_data import read_data


def write(path, frame):
    path.parent.mkdir(parents=True, exist_ok=True)
    table = frame if isinstance(frame, pyarrow.Table) else pyarrow.table(frame)
    parquet.write_table(table, path)


def pairs(data):
    users = data.users.vocabulary.lookup(data.user).tolist()
    return list(zip(users, data.items.vocabulary.lookup(data.item).tolist(), strict=True))


@pytest.fixture
def days(tmp_path):
    """Two days of two shops: the day is the time, the shop an id with a blank and a zero."""
    folder = tmp_path / "log"
    write(folder / "day=2024-01-02" / "shop=0%207" / "a.parquet", {"user": [1, 2]})
    write(folder / "day=2024-01-01" / "shop=0%207" / "b.parquet", {"user": [3]})
    write(folder / "day=2024-01-01" / "shop=north" / "a.parquet", {"user": [1]})
    (folder / "_SUCCESS").write_text("")
    (folder / "day=2024-01-01" / ".a.parquet.crc").write_text("")
    return folder


MAPPING = {"item": "shop", "timestamp": "day"}


def test_the_folders_of_a_partitioned_table_are_columns(days):
    data = Interactions.from_parquet(days, MAPPING)
    assert pairs(data) == [("3", "0 7"), ("1", "north"), ("1", "0 7"), ("2", "0 7")]
    assert data.timestamp.tolist() == [1704067200] * 2 + [1704153600] * 2
    assert data.users.vocabulary.ids.tolist() == ["3", "1", "2"]
    assert data.items.vocabulary.ids.tolist() == ["0 7", "north"]


def test_a_config_names_a_partitioned_table(days, tmp_path):
    (tmp_path / "a.yaml").write_text(
        "data: {path: log, columns: {item: shop, timestamp: day}}\n"
        "split: {protocol: next-item}\nmodel: {class: Popularity}\n"
    )
    data = load_config(tmp_path / "a.yaml").data
    assert len(read_data(data)) == 4
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="ending in .csv, .tsv, .txt, .dat, .parquet, neither"):
        read_data(data.model_copy(update={"path": str(tmp_path / "empty")}))


def test_a_partitioned_table_of_features(tmp_path):
    write(tmp_path / "items" / "genre=war" / "a.parquet", {"item": ["x"], "year": [1990]})
    name = "genre=__HIVE_DEFAULT_PARTITION__"
    write(tmp_path / "items" / name / "a.parquet", {"item": ["y"], "year": [2000]})
    features = {"genre": {"kind": "category"}, "year": {"kind": "number"}}
    items = Catalog.from_frame(tmp_path / "items", "item", features)
    assert items.vocabulary.ids.tolist() == ["y", "x"]
    assert items.columns["genre"].tolist() == [0, 0, 0, 2] and items.missing["genre"] == 1


def test_numbers_in_the_names_of_folders(tmp_path):
    for year in (2023, 2024):
        write(tmp_path / f"value={year}" / "a.parquet", {"user": [f"u{year}"], "item": [year]})
    assert Interactions.from_parquet(tmp_path).value.tolist() == [2023, 2024]
    assert read_parquet(tmp_path, ["value"]).frame["value"].tolist() == ["2023", "2024"]


def test_a_column_that_is_in_the_files_too_has_their_type(tmp_path):
    write(tmp_path / "item=1" / "a.parquet", {"user": ["a", "b"], "item": [1, 2]})
    assert read_parquet(tmp_path).frame["item"].tolist() == [1, 2]


def test_text_files_may_be_partitioned_as_well(tmp_path):
    for day, text in (("1", "user,item\na,x\n\nb,y\n"), ("2", "user,item\na,y\n")):
        (tmp_path / f"timestamp={day}").mkdir()
        (tmp_path / f"timestamp={day}" / "a.csv").write_text(text)
    data = Interactions.from_csv(tmp_path)
    assert data.timestamp.tolist() == [1, 1, 2] and data.report.dropped == {"blank line": 1}
    assert read_csv(tmp_path).where == str(tmp_path)


def test_folders_that_are_not_one_table(tmp_path):
    rows = {"user": ["a", "b"], "item": ["x", "y"]}
    write(tmp_path / "1" / "2024" / "a.parquet", rows)
    with pytest.raises(
        InputError, match="no part ending in .parquet, neither in itself nor in fol"
    ):
        Interactions.from_parquet(tmp_path / "1")
    write(tmp_path / "2" / "a.parquet", rows)
    write(tmp_path / "2" / "day=1" / "a.parquet", rows)
    write(tmp_path / "3" / "day=1" / "a.parquet", rows)
    write(tmp_path / "3" / "hour=1" / "a.parquet", rows)
    write(tmp_path / "4" / "a.parquet", rows)
    (tmp_path / "4" / "b.csv").write_text("user,item\na,x\n")
    write(tmp_path / "5" / "a.parquet", rows)
    (tmp_path / "5" / "_delta_log").mkdir()
    for folder, problem in (
        ("2", r"different partitions, a.parquet has \[\] and day=1/a.parquet has \['day'\]"),
        ("3", r"different partitions, .*\['day'\] and .*\['hour'\]"),
        ("4", "parts of two formats, a.parquet and b.csv"),
        ("5", "a Delta table"),
    ):
        for read in (Interactions.from_parquet, lambda path: as_table(path, "items")):
            with pytest.raises(InputError, match=problem):
                read(tmp_path / folder)
    with pytest.raises(InputError, match="parts of two formats"):
        Interactions.from_csv(tmp_path / "4")
    # A licence is no table.
    (tmp_path / "1" / "2024" / "LICENSE.txt").write_text("")
    assert len(Interactions.from_parquet(tmp_path / "1" / "2024")) == 2


@pytest.mark.parametrize("later", [0, 1])
def test_a_column_that_only_one_part_has(tmp_path, later):
    rows = {"user": ["a", "b"], "item": ["x", "y"]}
    write(tmp_path / f"{later}.parquet", rows | {"value": [1.0, 2.0]})
    write(tmp_path / f"{1 - later}.parquet", rows)
    with pytest.raises(InputError, match=r"1.parquet: the columns \[.*\] differ from \[.*\] in"):
        Interactions.from_parquet(tmp_path)


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        (pyarrow.array([1, 2]), pyarrow.array(["3", "4"]), "is string, but int64 in"),
        (pyarrow.array([1.0], "float32"), pyarrow.array([2.0]), "is double, but float in"),
        (pyarrow.array([1, 2], "int32"), pyarrow.array([3, None], "int64"), None),
        (pyarrow.array([1, 2], "int64"), pyarrow.array([3.0, 4.0]), None),
        (pyarrow.array(["a"]), pyarrow.array(["b"]).dictionary_encode(), None),
        (pyarrow.array(["a"], pyarrow.large_string()), pyarrow.array([None]), None),
    ],
)
def test_one_column_in_two_types(tmp_path, first, second, problem):
    for name, column in (("a", first), ("b", second)):
        rows = {"user": ["u"] * len(column), "item": column}
        write(tmp_path / f"{name}.parquet", pyarrow.table(rows))
    if problem is None:
        assert len(read_parquet(tmp_path).frame) == len(first) + len(second)
        return
    with pytest.raises(InputError, match=rf"b.parquet: column 'item' {problem} .*a.parquet"):
        read_parquet(tmp_path)
    # A column that is not read may be what it likes.
    assert len(read_parquet(tmp_path, ["user"]).frame) == len(first) + len(second)


def test_two_columns_of_one_name(tmp_path):
    columns = [pyarrow.array(["a", "b"])] * 3
    write(tmp_path / "a.parquet", pyarrow.Table.from_arrays(columns, ["user", "user", "item"]))
    for read in (
        Interactions.from_parquet,
        lambda path: fits_into_memory(path, ["user", "item"], ["user", "item"]),
    ):
        with pytest.raises(InputError, match="a.parquet: 2 columns are called 'user'; rename them"):
            read(tmp_path / "a.parquet")


def test_damaged_parts_are_named(tmp_path):
    write(tmp_path / "a.parquet", {"user": list("ab") * 999, "item": list("xy") * 999})
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(range(200)) + whole[204:])
    with pytest.raises(InputError, match="a.parquet: not a readable Parquet file"):
        Interactions.from_parquet(tmp_path / "a.parquet")


def test_arrow_keeps_every_id():
    one = uuid.UUID(int=2**100 + 1)
    columns = {
        "gap": pyarrow.array([2**60 + 1, None]),
        "uuid": pyarrow.array([one.bytes, None], pyarrow.binary(16)),
        "category": pyarrow.array(["a", None]).dictionary_encode(),
        "decimal": pyarrow.array([decimal.Decimal("1.50"), None]),
        "bytes": pyarrow.array([b"\xff", None]),
        "chunks": pyarrow.chunked_array([[one.bytes], [None]], pyarrow.binary(16)),
    }
    if hasattr(pyarrow, "uuid"):
        columns["typed"] = columns["uuid"].cast(pyarrow.uuid())
    frame = arrow_frame(pyarrow.table(columns))
    assert frame.iloc[1].isna().all()
    assert frame["gap"][0] == 2**60 + 1 and isinstance(frame["gap"][0], int)
    assert {frame[name][0] for name in columns if name in ("uuid", "chunks", "typed")} == {str(one)}
    assert arrow_frame(pyarrow.table(columns).slice(0, 0)).empty


class OtherFrame:
    """As polars: it hands its columns on by Arrow's interface."""

    def __init__(self, columns):
        self.table = pyarrow.table(columns)

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


class OlderFrame:
    def __init__(self, columns):
        self.columns = columns

    def to_pandas(self):
        return pd.DataFrame(self.columns)


@pytest.mark.parametrize("kind", [pyarrow.table, OtherFrame, OlderFrame])
def test_frames_of_other_libraries(kind):
    rows = kind({"user": ["a", "b"], "item": [1, 2]})
    items = kind({"item": [1, 2], "genre": ["x", "y"]})
    data = Interactions.from_frame(
        rows, item_frame=items, item_features={"genre": {"kind": "category"}}
    )
    assert pairs(data) == [("a", "1"), ("b", "2")]
    assert data.items.columns["genre"].tolist() == [0, 0, 2, 3]


def test_what_is_no_frame_is_named_in_full():
    for other in (np.zeros((2, 2)), pd.Series([1]), {"user": [1]}, object()):
        name = f"{type(other).__module__}.{type(other).__name__}".removeprefix("builtins.")
        with pytest.raises(InputError, match=f"the frame: expected a path or a Da.*, got {name}.$"):
            Interactions.from_frame(other)


def test_frames_of_polars():
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = polars.DataFrame(
        {
            "user": ["a", None, "b", "a"],
            "item": polars.Series(["x", "y", "x", "y"], dtype=polars.Categorical),
            "timestamp": [3, 2, 1, 0],
        }
    )
    frame = frame.with_columns(polars.from_epoch("timestamp"))
    with pytest.raises(InputError, match="the frame, row 1, column 'user': the user is missing"):
        Interactions.from_frame(frame)
    data = Interactions.from_frame(frame, on_error="drop")
    assert pairs(data) == [("a", "y"), ("b", "x"), ("a", "x")]
    assert data.users.vocabulary.ids.tolist() == ["a", "b"] and data.timestamp.tolist() == [0, 1, 3]
    with pytest.raises(InputError, match="got polars.*LazyFrame. It is lazy: call .collect"):
        Interactions.from_frame(frame.lazy())
