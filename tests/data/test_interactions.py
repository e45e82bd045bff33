import gzip

import numpy as np
import pandas as pd
import pytest

from kerasrec.data.catalog import Catalog
from kerasrec.data.interactions import Interactions
from kerasrec.data.report import Report
from kerasrec.data.schema import Feature, Schema
from kerasrec.data.vocabulary import Vocabulary
from kerasrec.errors import InputError


def frame(**changes):
    columns = {
        "user": ["ann", "bob", "ann", "bob"],
        "item": ["tea", "tea", "jam", "rye"],
        "timestamp": [30, 10, 20, 40],
        "value": [5.0, 3.0, 4.0, 1.0],
    }
    columns |= changes
    return pd.DataFrame({key: value for key, value in columns.items() if value is not None})


def triples(data):
    """(user, item, value) by external id, in row order."""
    users, items = data.users.vocabulary.lookup(data.user), data.items.vocabulary.lookup(data.item)
    return list(zip(users.tolist(), items.tolist(), data.value.tolist(), strict=True))


def test_rows_are_in_time_order():
    data = Interactions.from_frame(frame())
    assert triples(data) == [
        ("bob", "tea", 3.0),
        ("ann", "jam", 4.0),
        ("ann", "tea", 5.0),
        ("bob", "rye", 1.0),
    ]
    assert data.timestamp.tolist() == [10, 20, 30, 40]
    assert data.explicit and len(data) == 4
    assert (data.user.dtype, data.value.dtype, data.timestamp.dtype) == (
        "int32",
        "float32",
        "int64",
    )
    assert data.behavior is None and data.fold is None and data.behaviors is None


def test_equal_times_keep_the_order_of_the_source():
    data = Interactions.from_frame(frame(timestamp=[7, 7, 7, 7]))
    assert [item for _, item, _ in triples(data)] == ["tea", "tea", "jam", "rye"]


def test_without_timestamps_and_values():
    data = Interactions.from_frame(frame(timestamp=None, value=None))
    assert triples(data)[0] == ("ann", "tea", 1.0)
    assert data.timestamp is None and not data.explicit
    assert data.report.first_time is None


def test_all_columns_and_a_mapping():
    table = frame(kind=["buy", "click", "click", "buy"], part=[1, 0, 0, 1]).rename(
        columns={"user": "userId", "value": "stars"}
    )
    data = Interactions.from_frame(
        table, {"user": "userId", "value": "stars", "behavior": "kind", "fold": "part"}
    )
    assert data.behaviors.ids.tolist() == ["buy", "click"]
    assert data.behaviors.lookup(data.behavior).tolist() == ["click", "click", "buy", "buy"]
    assert data.fold.tolist() == [0, 0, 1, 1]
    assert data.schema().num_behaviors == 4
    fixed = Interactions.from_frame(
        table, {"user": "userId", "behavior": "kind"}, behaviors=["view", "click"]
    )
    assert fixed.behaviors.ids.tolist() == ["view", "click", "buy"]
    assert fixed.behavior.tolist() == [3, 3, 4, 4]


def test_histories_and_counts_by_row():
    data = Interactions.from_frame(frame())
    assert data.users.vocabulary.ids.tolist() == ["ann", "bob"]
    assert data.items.vocabulary.ids.tolist() == ["tea", "jam", "rye"]
    assert [h.tolist() for h in data.histories()] == [[], [], [3, 2], [2, 4]]
    assert data.user_counts().tolist() == [0, 0, 2, 2]
    assert data.item_counts().tolist() == [0, 0, 2, 1, 1]


@pytest.mark.parametrize(
    "times",
    [
        [1700000030, 1700000010, 1700000020, 1700000040],
        [1700000030.0, 1700000010.9, 1700000020.0, 1700000040.0],
        [1700000030000, 1700000010999, 1700000020000, 1700000040000],
        [1700000030000000, 1700000010999999, 1700000020000000, 1700000040000000],
        [1700000030 * 10**9, 1700000010 * 10**9 + 7, 1700000020 * 10**9, 1700000040 * 10**9],
        ["1700000030", "1700000010", "1700000020", "1700000040"],
        [
            "2023-11-14T22:13:50",
            "2023-11-14 22:13:30.5",
            "2023-11-14T22:13:40Z",
            "2023-11-15T00:14:00+02:00",
        ],
        pd.to_datetime([1700000030, 1700000010, 1700000020, 1700000040], unit="s"),
        pd.to_datetime([1700000030, 1700000010, 1700000020, 1700000040], unit="s", utc=True)
        .tz_convert("Asia/Tokyo"),
        pd.to_datetime([1700000030, 1700000010, 1700000020, 1700000040], unit="s").astype(object),
        pd.array([1700000030, 1700000010, 1700000020, 1700000040], dtype="Int64"),
    ],
    ids=["s", "float", "ms", "us", "ns", "text", "iso", "datetime", "zone", "objects", "Int64"],
)  # fmt: skip
def test_times_become_unix_seconds(times):
    data = Interactions.from_frame(frame(timestamp=times))
    assert data.timestamp.tolist() == [1700000010, 1700000020, 1700000030, 1700000040]


def test_order_is_finer_than_seconds():
    data = Interactions.from_frame(
        frame(timestamp=[1700000000900, 1700000000100, 1700000000800, 1700000000500])
    )
    assert set(data.timestamp.tolist()) == {1700000000}
    assert [value for _, _, value in triples(data)] == [3.0, 1.0, 4.0, 5.0]


def test_duplicates_are_merged_and_the_last_one_stays():
    table = pd.DataFrame(
        {
            "user": ["a", "a", "b", "a", "a"],
            "item": ["x", "x", "x", "x", "y"],
            "timestamp": [1, 1, 1, 2, 1],
            "value": [1, 2, 3, 4, 5],
        }
    )
    data = Interactions.from_frame(table)
    assert triples(data) == [("a", "x", 2), ("b", "x", 3), ("a", "y", 5), ("a", "x", 4)]
    assert data.report.duplicates_merged == 1
    without = Interactions.from_frame(table.drop(columns="timestamp"))
    assert triples(without) == [("b", "x", 3), ("a", "x", 4), ("a", "y", 5)]
    assert without.report.duplicates_merged == 2


def test_another_behavior_or_fold_is_no_duplicate():
    table = frame(
        user=["a", "a", "b", "b"], item=["x", "x", "y", "y"], timestamp=[1, 1, 1, 1], value=None
    )
    assert len(Interactions.from_frame(table)) == 2
    assert len(Interactions.from_frame(table.assign(behavior=["buy", "click"] * 2))) == 4
    assert len(Interactions.from_frame(table.assign(fold=[0, 1, 0, 0]))) == 3


def test_report():
    report = Interactions.from_frame(frame(timestamp=[0, 86400, 0, 86400])).report
    assert report == Report(
        rows_read=4,
        duplicates_merged=0,
        users=2,
        items=3,
        interactions=4,
        density=4 / 6,
        first_time=0,
        last_time=86400,
        equal_times=4,
    )
    assert report.lines() == [
        "4 rows read, 4 interactions of 2 users with 3 items (density 66.67%).",
        "From 1970-01-01 00:00:00 UTC to 1970-01-02 00:00:00 UTC.",
        "4 rows at the time of another of the same user: left in their order.",
    ]
    assert report.to_dict()["dropped"] == {}
    repeats = frame(item=["tea", "tea", "tea", "jam"])
    assert Interactions.from_frame(repeats).report.density == 3 / 4


def test_what_was_sorted_by_time_is_said():
    """Of a: 5, 1, 5, 9, 3. The 1 and the 3 are late; the order of different users says nothing."""
    table = pd.DataFrame(
        {
            "user": ["a", "b", "a", "a", "a", "a", "b"],
            "item": list("stuvwxy"),
            "timestamp": [5, 0, 1, 5, 9, 3, 7],
        }
    )
    report = Interactions.from_frame(table).report
    assert (report.out_of_order, report.equal_times) == (2, 2)
    assert report.lines()[-2:] == [
        "2 rows earlier than one of the same user above: sorted by time.",
        "2 rows at the time of another of the same user: left in their order.",
    ]
    # A duplicate that was merged is no row of its own, and without times the file is the order.
    again = Interactions.from_frame(pd.concat([table, table])).report
    assert (again.duplicates_merged, again.out_of_order, again.equal_times) == (7, 2, 2)
    timeless = Interactions.from_frame(table.drop(columns="timestamp")).report
    assert (timeless.out_of_order, timeless.equal_times) == (0, 0)
    # In milliseconds two rows of one second have an order.
    table["timestamp"] = 1_700_000_000_000 + table["timestamp"]
    assert Interactions.from_frame(table).report.equal_times == 2


ITEMS = pd.DataFrame({"id": ["cod", "tea"], "price": [9.0, 1.0], "name": ["Cod", "Tea"]})
PRICE = {"price": {"kind": "number"}}


def test_items_without_interactions_and_without_features():
    data = Interactions.from_frame(
        frame(), item_frame=ITEMS, item_id="id", item_features=PRICE, item_title="name"
    )
    assert data.items.vocabulary.ids.tolist() == ["cod", "tea", "jam", "rye"]
    assert data.items.columns["price"].tolist() == [0, 0, 1, -1, 0, 0]
    assert data.items.title_of(data.item).tolist() == ["Tea", "jam", "Tea", "rye"]
    assert data.report.missing_features == {"item table row": 2, "item.price": 2}
    assert data.report.items == 3  # the cod has no interaction
    assert data.report.lines()[-1] == "2 missing values of item.price."
    assert data.schema(history_length=9) == Schema(
        num_users=4,
        num_items=6,
        history_length=9,
        item_features=(Feature("price", "number"),),
        timed=True,
    )


def test_users_with_features():
    people = pd.DataFrame({"user": ["ann", "bob"], "city": ["Ulm", None]})
    data = Interactions.from_frame(
        frame(), user_frame=people, user_features={"city": {"kind": "category"}}
    )
    assert data.users.columns["city"].tolist() == [0, 0, 2, 0]
    assert data.schema().user_features == (Feature("city", "category", 3),)


def test_dropped_rows_of_an_item_frame_are_counted():
    items = pd.DataFrame({"id": ["tea", None, "tea"]})
    data = Interactions.from_frame(frame(), item_frame=items, item_id="id", on_error="drop")
    assert data.report.dropped == {"item frame: missing id": 1, "item frame: repeated id": 1}


def test_base_keeps_old_rows_and_appends_new_ids():
    first = Interactions.from_frame(
        frame(), item_frame=ITEMS, item_id="id", item_features=PRICE, name="first"
    )
    table = frame(user=["eve", "bob", "eve", "ann"], item=["fig", "tea", "tea", "cod"])
    second = Interactions.from_frame(table, base=(first.users, first.items))
    assert second.users.vocabulary.ids.tolist() == ["ann", "bob", "eve"]
    assert second.items.vocabulary.ids.tolist() == ["cod", "tea", "jam", "rye", "fig"]
    assert second.items.columns["price"].tolist() == [*first.items.columns["price"], 0]
    assert triples(second)[0] == ("bob", "tea", 3.0)
    third = Interactions.from_frame(
        table,
        base=(first.users, first.items),
        item_frame=pd.DataFrame({"id": ["fig", "tea"], "price": [13.0, 99.0]}),
        item_id="id",
    )
    assert third.items.columns["price"].tolist() == [0, 0, 1, -1, 0, 0, 2]


def test_a_base_allows_one_new_user():
    first = Interactions.from_frame(frame())
    table = pd.DataFrame({"user": ["eve"], "item": ["tea"]})
    assert len(Interactions.from_frame(table, base=(first.users, first.items))) == 1


def test_select_by_mask_and_by_index():
    data = Interactions.from_frame(frame(behavior=list("abab"), fold=[0, 1, 2, 3]))
    masked = data.select(data.value > 3)
    assert [value for _, _, value in triples(masked)] == [4.0, 5.0]
    assert masked.fold.tolist() == [2, 0] and masked.timestamp.tolist() == [20, 30]
    assert masked.report is None and masked.users is data.users
    assert triples(data.select([3, 0])) == [triples(data)[3], triples(data)[0]]


def test_concat_is_in_time_order():
    data = Interactions.from_frame(frame())
    both = data.select([1, 3]).concat(data.select([0, 2]))
    assert triples(both) == triples(data)
    timeless = Interactions.from_frame(frame(timestamp=None))
    assert triples(timeless.select([2]).concat(timeless.select([0]))) == [
        triples(timeless)[2],
        triples(timeless)[0],
    ]


def test_concat_needs_the_same_rows():
    data = Interactions.from_frame(frame())
    with pytest.raises(InputError, match="different items; read the second with base="):
        data.concat(Interactions.from_frame(frame(item=["tea", "rye", "jam", "tea"])))
    with pytest.raises(InputError, match="only one of the two has a timestamp"):
        data.concat(Interactions.from_frame(frame(timestamp=None)))


def test_direct_construction_checks_lengths():
    catalogs = {"users": Catalog(Vocabulary(["a", "b"])), "items": Catalog(Vocabulary(["x"]))}
    data = Interactions(user=[2, 3], item=[2, 2], value=[1, 1], **catalogs)
    assert data.user.dtype == np.int32
    with pytest.raises(InputError, match="value has shape"):
        Interactions(user=[2, 3], item=[2, 2], value=[1], **catalogs)
    with pytest.raises(InputError, match="behavior and behaviors"):
        Interactions(user=[2, 3], item=[2, 2], value=[1, 1], behavior=[2, 2], **catalogs)


CSV = "user,item,rating,time\n007,x,5,30\n7,x,3,10\n007,y,4,20\n"
MAPPING = {"value": "rating", "timestamp": "time"}


def test_csv_keeps_leading_zeros_and_words_that_mean_missing_elsewhere(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(CSV.replace("7,x,3", "NA,x,3"))
    data = Interactions.from_csv(path, MAPPING)
    assert triples(data) == [("NA", "x", 3.0), ("007", "y", 4.0), ("007", "x", 5.0)]


def test_csv_is_the_same_as_its_frame_packed_or_not(tmp_path):
    with gzip.open(tmp_path / "a.csv.gz", "wt") as file:
        file.write(CSV)
    (tmp_path / "a.tsv").write_text(CSV.replace(",", "\t"))
    (tmp_path / "a.dat").write_text(CSV.replace(",", "::"))
    (tmp_path / "bom.csv").write_text("\ufeff" + CSV.replace("\n", "\r\n"), encoding="utf-8")
    expected = [("7", "x", 3.0), ("007", "y", 4.0), ("007", "x", 5.0)]
    for name, separator in (("a.csv.gz", ","), ("a.tsv", "\t"), ("a.dat", "::"), ("bom.csv", ",")):
        data = Interactions.from_csv(tmp_path / name, MAPPING, separator=separator)
        assert triples(data) == expected, name


def test_folder_of_csv_parts_in_order_of_name(tmp_path):
    (tmp_path / "part-1.csv").write_text("user,item\nb,x\nb,z\n")
    (tmp_path / "part-0.csv").write_text("user,item\na,x\na,y\n")
    (tmp_path / "_SUCCESS").write_text("")
    data = Interactions.from_csv(tmp_path)
    assert [pair[:2] for pair in triples(data)] == [("a", "x"), ("a", "y"), ("b", "x"), ("b", "z")]
    (tmp_path / "part-1.csv").write_text("user,item\nb,x\n,z\n")
    with pytest.raises(InputError, match="part-1.csv, row 3, column 'user': the user is missing"):
        Interactions.from_csv(tmp_path)
    (tmp_path / "part-1.csv").write_text("item,user\nb,x\n")
    with pytest.raises(InputError, match=r"part-1.csv: the columns \['item', 'user'\] differ"):
        Interactions.from_csv(tmp_path)


def test_parquet_file_and_folder(tmp_path):
    table = frame(user=[1, 2, 1, 2], timestamp=pd.to_datetime([30, 10, 20, 40], unit="s"))
    table.to_parquet(tmp_path / "all.parquet")
    (tmp_path / "parts").mkdir()
    table.iloc[2:].to_parquet(tmp_path / "parts" / "b.parquet")
    table.iloc[:2].to_parquet(tmp_path / "parts" / "a.parquet")
    expected = triples(Interactions.from_frame(table))
    assert expected[0] == ("2", "tea", 3.0)
    assert triples(Interactions.from_parquet(tmp_path / "all.parquet")) == expected
    assert triples(Interactions.from_parquet(tmp_path / "parts")) == expected


def test_parquet_integers_with_a_gap_stay_integers(tmp_path):
    table = frame(user=pd.array([2**60 + 1, None, 2**60 + 2, 5], dtype="Int64"))
    table.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="a.parquet, row 1, column 'user': the user is missing"):
        Interactions.from_parquet(tmp_path / "a.parquet")
    data = Interactions.from_parquet(tmp_path / "a.parquet", on_error="drop")
    assert set(data.users.vocabulary.ids) == {str(2**60 + 1), str(2**60 + 2), "5"}
    assert data.report.dropped == {"missing user": 1}


# Each bad value sits in the third data row: line 4 of a file, position 2 of a frame.
BAD = [
    ("user", [1, 2, None, 2], "the user is missing"),
    ("user", ["a", "b", "  ", "b"], "the user is missing"),
    ("item", ["a", "b", None, "b"], "the item is missing"),
    ("item", ["a", "b", "NaN", "b"], "'NaN' is no id: the item is missing"),
    ("user", ["a", "b", "nan", "b"], "'nan' is no id: the user is missing"),
    ("item", [1.0, 2.0, 2.5, 2.0], "2.5 is no id"),
    ("item", [1.0, 2.0, 2.0**60, 2.0], "is no id"),
    ("value", [1, 2, None, 4], "the value is missing"),
    ("value", ["1", "2", "five", "4"], "'five' is not a number"),
    ("value", [1, 2, np.inf, 4], "inf is not a finite number"),
    ("timestamp", ["2020-01-01", "2020-01-02", "soon", "2020-01-03"], "'soon' is not a time"),
    ("timestamp", ["1", "2", "soon", "3"], "'soon' is not a time"),
    ("timestamp", [1, 2, None, 3], "the timestamp is missing"),
    ("timestamp", [1, 2, 1e300, 3], "1e+300 is not a time"),
    ("timestamp", ["2020-01-01", "2020-01-02", 5, "2020-01-03"], "5"),
    ("timestamp", [1.7e12, 1.7e12, 1.6e9, 1.7e12], "does not look like milliseconds"),
    ("timestamp", pd.to_datetime(["2020", "2021", None, "2022"]), "the timestamp is missing"),
    ("behavior", ["buy", "buy", None, "buy"], "the behavior is missing"),
    ("fold", [0, 1, 0.5, 1], "0.5 is not a whole number"),
    ("fold", [0, 1, "x", 1], "'x' is not a number"),
]


@pytest.mark.parametrize(("column", "values", "problem"), BAD)
def test_a_bad_value_is_named_or_dropped_and_counted(column, values, problem):
    table = frame(**{column: values})
    with pytest.raises(InputError) as error:
        Interactions.from_frame(table, where="sales")
    assert str(error.value).startswith(f"sales, row 2, column '{column}': ")
    assert problem in str(error.value) and 'on_error="drop"' in str(error.value)
    assert "in a YAML file `data: {on_error: drop}`" in str(error.value)
    data = Interactions.from_frame(table, on_error="drop")
    assert len(data) == 3
    assert list(data.report.dropped.values()) == [1]
    assert "jam" not in data.items.vocabulary or column == "item"


@pytest.mark.parametrize(("column", "values", "problem"), BAD)
def test_a_bad_value_of_a_file_is_named_by_line(tmp_path, column, values, problem):
    frame(**{column: values}).to_csv(tmp_path / "a.csv", index=False)
    if "is no id" in problem:
        return  # in a text file every id is text
    with pytest.raises(InputError) as error:
        Interactions.from_csv(tmp_path / "a.csv")
    assert f"a.csv, row 4, column '{column}': " in str(error.value)
    assert problem in str(error.value)


def test_na_null_and_none_are_ids(tmp_path):
    ids = ["NA", "null", "None", "N/A"]
    frame(user=ids).to_csv(tmp_path / "a.csv", index=False)
    assert set(Interactions.from_csv(tmp_path / "a.csv").users.vocabulary.ids) == set(ids)


@pytest.mark.parametrize("on_error", ["raise", "drop"])
def test_an_id_with_a_line_break_is_never_dropped_unseen(tmp_path, on_error):
    path = tmp_path / "a.csv"
    path.write_text('user,item\na,x\n"b,y\nc",z\nd,x\n')
    with pytest.raises(InputError, match="a.csv, row 3, column 'user': .* holds a line break"):
        Interactions.from_csv(path, on_error=on_error)


def test_a_column_that_comes_twice(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("user,item,user,note,note\na,x,b,1,2\n")
    with pytest.raises(InputError, match="a.csv: 2 columns are called 'user'; rename them"):
        Interactions.from_csv(path)
    path.write_text("user,item,value,value\na,x,1,2\n")
    with pytest.raises(InputError, match="a.csv: 2 columns are called 'value'"):
        Interactions.from_csv(path)
    path.write_text("user,item,note,note\na,x,1,2\nb,y,1,2\n")
    assert len(Interactions.from_csv(path)) == 2


def test_a_feature_table_of_other_ids(tmp_path):
    table = pd.DataFrame({"id": ["tt1", "tt2", "tt3"], "price": [1, 2, 3]})
    with pytest.raises(
        InputError,
        match="None of the 3 ids of the item frame, column 'id' occur in sales, column 'thing', "
        "e.g. 'tt1' against 'tea'",
    ):
        Interactions.from_frame(
            frame().rename(columns={"item": "thing"}),
            {"item": "thing"},
            item_frame=table,
            item_id="id",
            item_features=PRICE,
            where="sales",
        )
    table.to_csv(tmp_path / "people.csv", index=False)
    with pytest.raises(InputError, match=r"3 ids of .*people.csv, column 'id' .* against 'ann'"):
        Interactions.from_frame(frame(), user_frame=tmp_path / "people.csv", user_id="id")


def test_the_report_counts_items_and_users_without_a_row():
    items = pd.DataFrame({"item": ["tea", "oil"], "name": ["Tea", "Oil"]})
    users = pd.DataFrame({"user": ["bob", "ann"]})
    data = Interactions.from_frame(frame(), item_frame=items, item_title="name", user_frame=users)
    assert data.report.missing_features == {"item table row": 2}
    assert "2 items without a row in the table of items." in data.report.lines()


def test_the_first_bad_row_is_named_and_all_are_counted():
    with pytest.raises(InputError, match=r"row 1, column 'user'.*\(2 rows like this\)"):
        Interactions.from_frame(frame(user=["a", None, "b", ""]))


def test_blank_lines_do_not_shift_the_rows(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("user,item,value\na,x,1\n\nb,y,2\nb,x,five\n\n")
    with pytest.raises(InputError, match="a.csv, row 5, column 'value': 'five'"):
        Interactions.from_csv(path)
    report = Interactions.from_csv(path, on_error="drop").report
    assert report.dropped == {"blank line": 2, "value not a number": 1}
    assert (report.rows_read, report.interactions) == (3, 2)


def test_a_missing_column_names_the_nearest_and_the_key(tmp_path):
    table = frame().rename(columns={"user": "userId"})
    with pytest.raises(
        InputError, match=r"no column 'user' \(for 'user'\). The nearest is 'userId'"
    ):
        Interactions.from_frame(table)
    with pytest.raises(InputError, match=r"no column 'rating' \(for 'value'\)"):
        Interactions.from_frame(frame(), {"value": "rating"})
    table.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(InputError, match=r"a.csv: no column 'user_id'.*nearest is 'userId'"):
        Interactions.from_csv(tmp_path / "a.csv", {"user": "user_id"})
    with pytest.raises(InputError, match="is the separator right"):
        Interactions.from_csv(tmp_path / "a.csv", separator=";")
    with pytest.raises(InputError, match="unknown key 'rating'; the keys are user, item"):
        Interactions.from_frame(frame(), {"rating": "value"})
    with pytest.raises(InputError, match="2 columns are called 'user'"):
        Interactions.from_frame(pd.concat([frame(), frame()[["user"]]], axis=1))


def test_empty_tables(tmp_path):
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(InputError, match="a.csv: the file is empty"):
        Interactions.from_csv(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("user,item\n")
    with pytest.raises(InputError, match="a.csv: no data rows"):
        Interactions.from_csv(tmp_path / "a.csv")
    with pytest.raises(InputError, match="no data rows"):
        Interactions.from_frame(frame().iloc[:0])
    with pytest.raises(InputError, match="no rows are left; dropped: {'missing user': 4}"):
        Interactions.from_frame(frame(user=[None] * 4), on_error="drop")


def test_one_user_or_one_item_only():
    with pytest.raises(InputError, match="column 'user': 'ann' is the only user"):
        Interactions.from_frame(frame(user=["ann"] * 4))
    with pytest.raises(InputError, match="column 'item': 'tea' is the only item"):
        Interactions.from_frame(frame(item=["tea"] * 4))


def test_features_need_their_table():
    with pytest.raises(InputError, match="item_features need item_frame"):
        Interactions.from_frame(frame(), item_features=PRICE)
    with pytest.raises(InputError, match="user_features need user_frame"):
        Interactions.from_frame(frame(), user_features=PRICE)


def test_bad_options():
    with pytest.raises(InputError, match="on_error must be .* got 'ignore'"):
        Interactions.from_frame(frame(), on_error="ignore")
    with pytest.raises(InputError, match="expected a path or a DataFrame .*, got list"):
        Interactions.from_frame([["ann", "tea"]])


def test_many_rows_agree_with_a_count_by_pandas():
    rng = np.random.default_rng(0)
    n = 200_000
    table = pd.DataFrame(
        {
            "user": rng.integers(0, 6000, n),
            "item": rng.integers(0, 3000, n).astype(str),
            "timestamp": rng.integers(0, 10**9, n),
        }
    )
    data = Interactions.from_frame(table)
    counts = table.drop_duplicates()["item"].value_counts()
    assert dict(zip(data.items.vocabulary.ids, data.item_counts()[2:], strict=True)) == dict(counts)
    assert (np.diff(data.timestamp) >= 0).all()


def test_a_file_of_integers_with_a_gap_has_the_ids_of_its_frame(tmp_path):
    """pandas writes them as "4.0"; features, a gap elsewhere and later files say "4"."""
    table = frame(user=[4.0, 7.0, 4.0, None])
    table.to_csv(tmp_path / "a.csv", index=False)
    people = pd.DataFrame({"user": [4, 7], "city": ["Ulm", "Bonn"]})
    options = {"on_error": "drop", "user_frame": people}
    data = Interactions.from_csv(tmp_path / "a.csv", **options)
    assert triples(data) == triples(Interactions.from_frame(table, **options))
    assert {user for user, _, _ in triples(data)} == {"4", "7"}
    assert data.report.repaired == {"user written as 4.0, read as 4": 3}
    assert "3 rows repaired: user written as 4.0, read as 4." in data.report.lines()
    assert Interactions.from_frame(table, **options).report.repaired == {}
    # One part of a folder has a gap and the other has none.
    (tmp_path / "parts").mkdir()
    table.to_csv(tmp_path / "parts" / "0.csv", index=False)
    frame(user=[4, 7, 8, 9]).to_csv(tmp_path / "parts" / "1.csv", index=False)
    both = Interactions.from_csv(tmp_path / "parts", on_error="drop")
    assert both.users.vocabulary.ids.tolist() == ["4", "7", "8", "9"]


@pytest.mark.parametrize("word", ["now", "today"])
def test_the_time_of_reading_is_no_time(word):
    with pytest.raises(InputError, match=f"row 1, column 'timestamp': '{word}' is not a time"):
        Interactions.from_frame(frame(timestamp=["2024-01-01", word, "2024-01-02", "2024-01-03"]))
