"""Impressions that stay on disk against the same impressions in memory."""

import dataclasses
import errno

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Impressions, Interactions, impression_batches
from kerasrec.data.impression_split import IMPRESSION_PROTOCOLS
from kerasrec.data.impressions import ROWS
from kerasrec.data.sql_table import read_sql
from kerasrec.errors import InputError
from kerasrec.out_of_core import (
    PreparedImpressions,
    SqlQuery,
    StoredImpressions,
    prepare_impressions,
    scratch_column,
    stream_impressions,
    table_chunks,
)

SIZE = 200
LABELS = {"click": {}, "seconds": {"kind": "seconds"}, "word": {"values": {"no": 0, "yes": 1}}}
CONTEXT = {
    "hour": {"kind": "category", "min_count": 12},
    "shop": {"kind": "category"},
    "tags": {"kind": "categories", "min_count": 20},
    "query": {"kind": "text", "max_tokens": 6},
    "price": {"kind": "number"},
    "age": {"kind": "number", "buckets": 5},
    "soft": {"kind": "number", "column": "age", "soft_buckets": 4},
    "place": {"kind": "vector", "column": ["x", "y"]},
    "seen": {"kind": "time"},
}
CROSSES = {
    "pair": {"columns": ["item", "hour"], "min_count": 2},
    "rate": {"columns": ["item"], "label": "click"},
}


def frame(**columns):
    """200 rows in no order of time, with gaps; the columns given replace its own."""
    random = np.random.default_rng(3)
    found = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, 30, SIZE)],
            "item": random.integers(100, 120, SIZE),
            "request": [f"r{n}" for n in random.integers(0, 60, SIZE)],
            "timestamp": random.integers(1_700_000_000, 1_700_000_090, SIZE),
            "position": random.integers(1, 5, SIZE),
            "weight": random.integers(1, 5, SIZE) / 4,
            "propensity": random.integers(1, 5, SIZE) / 4,
            "fold": random.integers(0, 3, SIZE),
            "click": random.choice([0.0, 1.0, np.nan], SIZE),
            "seconds": random.integers(0, 90, SIZE),
            "word": random.choice(["no", "yes", None], SIZE),
            "hour": random.choice([*"abcdefghij"], SIZE),
            "shop": random.choice([4.0, 7.0, np.nan], SIZE),
            "tags": random.choice(["a|b", "b|c|d", "", "e", None], SIZE),
            "query": random.choice(["red shoes", "Blue shoes!", "hat", None], SIZE),
            "price": random.normal(size=SIZE),
            "age": random.choice([10.0, 20.0, 31.5, 44.0, np.nan], SIZE),
            "x": random.normal(size=SIZE),
            "y": random.normal(size=SIZE),
            "seen": random.integers(1_600_000_000, 1_700_000_000, SIZE),
        }
    )
    return found.assign(**columns)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to work in; a table has many chunks, and a column many blocks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(table_chunks, "CHUNK", 37)
    monkeypatch.setattr(scratch_column, "BLOCK", 23)
    return tmp_path


def past():
    random = np.random.default_rng(5)
    events = {
        "user": [f"u{n}" for n in random.integers(0, 25, 150)],
        "item": random.integers(90, 115, 150),
        "timestamp": random.integers(1_699_999_990, 1_700_000_090, 150),
    }
    return Interactions.from_frame(pd.DataFrame(events))


def both(source, events=None, prepared="prepared", **options):
    """The impressions on disk, and those in memory."""
    how = {"labels": LABELS, "context": CONTEXT, **options}
    memory = {"past": events, "crosses": CROSSES}
    ours = prepare_impressions(source, prepared, **how).impressions(**memory)
    query = isinstance(source, SqlQuery)
    theirs = Impressions.from_frame(read_sql(source.text) if query else source, **how, **memory)
    return ours, theirs


def assert_same(ours, theirs):
    for name in ROWS:
        ours_, theirs_ = getattr(ours, name), getattr(theirs, name)
        assert (ours_ is None) == (theirs_ is None), name
        if theirs_ is not None:
            assert ours_.dtype == theirs_.dtype, name
            np.testing.assert_array_equal(ours_, theirs_, name)
    for group in ("labels", "context"):
        assert list(getattr(ours, group)) == list(getattr(theirs, group))
        for name, column in getattr(theirs, group).items():
            assert getattr(ours, group)[name].dtype == column.dtype
            np.testing.assert_array_equal(getattr(ours, group)[name], column, name)
    for name, encoder in theirs.encoders.items():
        assert ours.encoders[name].to_dict() == encoder.to_dict()
    assert ours.users.vocabulary == theirs.users.vocabulary
    assert ours.items.vocabulary == theirs.items.vocabulary
    assert ours.schema() == theirs.schema()
    if theirs.past is not None:
        for name in ("first", "stop"):
            np.testing.assert_array_equal(getattr(ours.past, name), getattr(theirs.past, name))
        np.testing.assert_array_equal(ours.past.histories.indptr, theirs.past.histories.indptr)


@pytest.mark.parametrize("kind", ["parquet", "folder", "csv", "sql"])
def test_columns_rows_and_encoders_are_those_of_memory(here, kind):
    frame().to_csv("shown.csv", index=False)
    frame().to_parquet("shown.parquet")
    source = SqlQuery("select * from 'shown.parquet'") if kind == "sql" else f"shown.{kind}"
    if kind == "folder":
        (here / source).mkdir()
        frame()[:70].to_parquet("shown.folder/a.parquet")
        frame()[70:].to_parquet("shown.folder/b.parquet")
    ours, theirs = both(source, past())
    assert isinstance(ours, StoredImpressions)
    assert_same(ours, theirs)
    for name in ("rows_read", "impressions", "requests", "users", "items", "missing_labels",
                 "missing_features", "dropped"):  # fmt: skip
        assert getattr(ours.report, name) == getattr(theirs.report, name), name
    assert ours.report.labels == pytest.approx(theirs.report.labels)


def test_lists_and_vectors_of_parquet(here):
    random = np.random.default_rng(0)
    looks = [None if n % 7 == 0 else random.normal(size=3) for n in range(SIZE)]
    tags = [[] if n % 5 == 0 else [f"t{n % 3}", f"t{n % 4}"] for n in range(SIZE)]
    frame(look=looks, tags=tags).to_parquet("shown.parquet")
    context = {"look": {"kind": "vector"}, "tags": {"kind": "categories"}, "hour": CONTEXT["hour"]}
    ours, theirs = both("shown.parquet", context=context)
    assert_same(ours, theirs)
    assert ours.report.missing_features == theirs.report.missing_features


def test_a_table_in_time_order_without_ids(here):
    table = frame().sort_values("timestamp", kind="stable").drop(columns=["user", "item"])
    table.to_parquet("shown.parquet")
    how = {"labels": LABELS, "context": CONTEXT}
    ours = prepare_impressions("shown.parquet", "prepared", **how).impressions()
    theirs = Impressions.from_frame("shown.parquet", **how)
    assert_same(ours, theirs)
    assert ours.report.notes == theirs.report.notes


@pytest.mark.parametrize("scale", [10**3, 10**6])
def test_times_of_every_unit_and_dates(here, scale):
    table = frame()
    table = table.assign(timestamp=table["timestamp"] * scale + np.arange(SIZE) % 3)
    table.to_parquet("shown.parquet")
    assert_same(*both("shown.parquet"))
    table = table.assign(timestamp=pd.to_datetime(table["timestamp"] // scale, unit="s"))
    table.to_parquet("dates.parquet")
    assert_same(*both("dates.parquet", prepared="dates"))
    table.to_csv("dates.csv", index=False)
    assert_same(*both("dates.csv", prepared="texts"))


def test_blank_lines_and_whole_numbers_of_a_text_file(here):
    lines = frame(item=np.arange(SIZE) % 9 + 0.0).to_csv(index=False).splitlines()
    (here / "shown.csv").write_text("\n".join([*lines[:50], "," * 19, *lines[50:]]) + "\n")
    ours, theirs = both("shown.csv")
    assert_same(ours, theirs)
    assert ours.items.vocabulary.ids[0] == "0"
    assert ours.report.dropped == theirs.report.dropped == {"blank line": 1}


def test_a_line_without_a_wanted_value_is_blank_whatever_else_it_holds(here):
    lines = frame(other="k").to_csv(index=False).splitlines()
    (here / "shown" / "day=1").mkdir(parents=True)
    for path in ("shown.csv", "shown/day=1/a.csv"):
        (here / path).write_text("\n".join([*lines[:50], "," * 20 + "k", *lines[50:]]) + "\n")
        ours, theirs = both(path.split("/")[0], prepared=f"of {path.split('/')[0]}")
        assert_same(ours, theirs)
        assert ours.report.dropped == theirs.report.dropped == {"blank line": 1}


def test_parts_of_a_text_table_have_the_columns_of_the_first_and_may_be_empty(here):
    (here / "shown").mkdir()
    table = frame()
    for name, part in (("a", table[:70]), ("b", table[:0]), ("c", table[70:])):
        part.to_csv(f"shown/{name}.csv", index=False)
    assert_same(*both("shown"))
    for number, part in enumerate(
        (table[70:].drop(columns="fold"), table[70:][table.columns[::-1]])
    ):
        part.to_csv("shown/c.csv", index=False)
        with pytest.raises(InputError, match="c.csv: the columns .* differ from .*a.csv"):
            prepare_impressions("shown", f"prepared-{number}", labels=LABELS)


@pytest.mark.parametrize("late", [1_600_000_000_000, "2020-09-13"], ids=["unit", "dates"])
def test_a_time_feature_in_two_units_is_refused(here, late):
    # By itself, each chunk would look well: the unit is told by the largest number.
    table = frame(seen=[*range(1, 112), *[late] * 89])
    table.to_csv("shown.csv", index=False)
    how = {"labels": LABELS, "context": {"seen": {"kind": "time"}}}
    with pytest.raises(InputError, match="write all alike|all of one kind"):
        prepare_impressions("shown.csv", "prepared", **how)


@pytest.mark.parametrize("protocol", ["time", "request", "user", "random", "given", "none"])
def test_parts_are_those_of_memory_and_files(here, protocol):
    frame().to_parquet("shown.parquet")
    ours, theirs = both("shown.parquet", past())
    ours, theirs = (IMPRESSION_PROTOCOLS[protocol](one) for one in (ours, theirs))
    assert ours.notes == theirs.notes
    for part in ("train", "validation", "test"):
        assert isinstance(getattr(ours, part), StoredImpressions)
        assert_same(getattr(ours, part), getattr(theirs, part))
    column = ours.train.labels["click"]
    assert not column.flags.owndata and not column.flags.writeable


@pytest.mark.parametrize("protocol", ["time", "random"])
def test_a_part_is_split_again_as_in_memory(here, protocol):
    # One price of the latest row is too far from all others for float32.
    late = frame()["timestamp"].argmax()
    prices = np.where(np.arange(SIZE) == late, 1e30, frame()["price"])
    frame(price=prices).to_parquet("shown.parquet")
    whole = parts = both("shown.parquet")
    for _ in range(2):
        parts = [IMPRESSION_PROTOCOLS[protocol](one, 0.1, 0.2).train for one in parts]
    assert parts[0].encoders["hour"].to_dict() != whole[0].encoders["hour"].to_dict()
    assert_same(*parts)


def test_a_model_that_is_continued_keeps_rows_and_encoders(here):
    frame()[:90].to_parquet("shown.parquet")
    _, first = both("shown.parquet")
    frame().to_parquet("shown.parquet")
    how = {"labels": LABELS, "context": CONTEXT}
    known = {"base": (first.users, first.items), "encoders": first.encoders}
    ours = prepare_impressions("shown.parquet", "prepared", **how).impressions(**known)
    assert_same(ours, Impressions.from_frame("shown.parquet", **how, **known))
    np.testing.assert_array_equal(ours.users.vocabulary.ids[: len(first.users) - 2],
                                  first.users.vocabulary.ids)  # fmt: skip


def test_features_of_an_earlier_model_in_another_order(here):
    frame().to_parquet("shown.parquet")
    _, first = both("shown.parquet")
    turned = dict(reversed(CONTEXT.items()))
    encoders = dict(reversed(first.encoders.items()))
    prepared = prepare_impressions("shown.parquet", "prepared", labels=LABELS, context=CONTEXT)
    theirs = Impressions.from_frame(
        "shown.parquet", labels=LABELS, context=turned, encoders=encoders
    )
    assert_same(prepared.impressions(encoders=encoders), theirs)
    fewer = prepare_impressions("shown.parquet", "fewer", labels=LABELS)
    with pytest.raises(InputError, match="'seen' of an earlier model is not among those"):
        fewer.impressions(encoders=encoders)


def test_an_interrupted_preparation_is_removed_and_the_earlier_one_kept(here):
    frame().to_parquet("shown.parquet")
    prepare_impressions("shown.parquet", "prepared")
    frame()[:150].to_parquet("shown.parquet")

    def stop(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_impressions("shown.parquet", "prepared", progress=stop)
    assert sorted(one.name for one in here.iterdir()) == ["prepared", "shown.parquet"]
    assert PreparedImpressions("prepared").rows == SIZE
    # What a killed process left.
    (here / ".writing-prepared").mkdir()
    (here / ".writing-prepared" / "work").mkdir()
    assert prepare_impressions("shown.parquet", "prepared").rows == 150
    assert sorted(one.name for one in here.iterdir()) == ["prepared", "shown.parquet"]


def test_tables_of_users_and_items(here):
    frame().to_parquet("shown.parquet")
    items = pd.DataFrame({"item": range(125, 95, -1), "colour": ["red", "blue", "green"] * 10})
    tables = {"item_frame": items, "item_features": {"colour": {"kind": "category"}}}
    ours = prepare_impressions("shown.parquet", "prepared").impressions(**tables)
    theirs = Impressions.from_frame("shown.parquet", **tables)
    assert_same(ours, theirs)
    np.testing.assert_array_equal(ours.items.columns["colour"], theirs.items.columns["colour"])


INPUTS = ("user", "item", "hour", "place", "history", "time_gap", "position", "fold")


def arrays(dataset):
    return [(x, y, w) for x, y, w in dataset.as_numpy_iterator()]


def assert_equal_batches(ours, theirs):
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        for mine, its in ((one[0], other[0]), (one[1], other[1]), ({"w": one[2]}, {"w": other[2]})):
            assert list(mine) == list(its)
            for name in mine:
                assert mine[name].dtype == its[name].dtype
                np.testing.assert_array_equal(mine[name], its[name])


@pytest.mark.slow
def test_one_shard_gives_the_batches_of_memory(here):
    frame().to_parquet("shown.parquet")
    for table in (both("shown.parquet", past()), both("shown.parquet")):
        inputs = INPUTS if table[0].past is not None else ("item", "age", "fold")
        how = {"inputs": inputs, "batch_size": 16, "history_length": 6, "seed": 4}
        ours, theirs = stream_impressions(table[0], **how), impression_batches(table[1], **how)
        for epoch in range(2):
            assert_equal_batches(arrays(ours), arrays(theirs))
            assert ours.epochs.next == theirs.epochs.next == epoch + 1


def test_shards_give_each_row_once_and_folds_of_the_whole(here):
    table = frame(seconds=np.arange(SIZE)).drop(columns="request")
    table.to_parquet("shown.parquet")
    data, theirs = both("shown.parquet")
    how = {"inputs": ("item", "fold"), "batch_size": 16}
    found = stream_impressions(data, **how, shard_rows=60)
    assert int(found.cardinality()) == 3 * 4 + 2
    orders = []
    for _ in range(2):
        batches = arrays(found)
        real = np.concatenate([weight > 0 for _, _, weight in batches])
        numbers = np.concatenate([y["seconds"] for _, y, _ in batches])[real]
        assert sorted(numbers) == list(range(SIZE))
        orders.append(numbers.tolist())
        fold = dict(
            zip(numbers, np.concatenate([x["fold"] for x, _, _ in batches])[real], strict=True)
        )
        wanted = 1 + np.arange(SIZE) % 5
        assert [fold[one] for one in theirs.labels["seconds"]] == wanted.tolist()
    assert orders[0] != orders[1]


BAD = [
    ({"user": [None] * 1 + ["u"] * (SIZE - 1)}, "row 0, column 'user'.*the user is missing"),
    ({"click": [0.0] * 150 + [3.0] * 50}, "row 150, column 'click'.*3.0 is no label of kind bin"),
    ({"position": [1] * 180 + [0] + [1] * 19}, "row 180, column 'position'.*0 is not at least 1"),
    ({"timestamp": [1e9] * 199 + [np.nan]}, "row 199, column 'timestamp'.*timestamp is missing"),
    ({"timestamp": [10**12] * 199 + [10**9]}, "row 199, .*does not look like milliseconds"),
    (
        {"price": [0.0] * 190 + [np.inf] + [0.0] * 9},
        "'price' .number.*row 190.*is not a finite number",
    ),
    ({"word": ["no"] * 100 + ["maybe"] * 100}, "row 100, column 'word'.*is not one of no, yes"),
]


def test_a_word_among_the_times_of_a_text_file_is_named_by_its_own_row(here):
    # In chunks of 37 rows it is the third of the fifth chunk; the header is row 1 of the file.
    times = frame()["timestamp"].astype(str)
    times[150] = "soon"
    frame().assign(timestamp=times).to_csv("shown.csv", index=False)
    for read in (Impressions.from_frame, lambda *args, **how: prepare_impressions(
        args[0], "prepared", **how)):  # fmt: skip
        with pytest.raises(InputError, match="row 152, column 'timestamp': 'soon' is not a time"):
            read("shown.csv", labels=LABELS, context=CONTEXT)


def test_dates_after_numbers_are_named_by_the_first_of_them(here):
    # Most of the fifth chunk, rows 148 to 184, are dates.
    times = frame()["timestamp"]
    dates = pd.to_datetime(times, unit="s").astype(str)
    times = times.astype(str).where(times.index < 155, dates)
    frame().assign(timestamp=times).to_csv("shown.csv", index=False)
    with pytest.raises(InputError, match="row 157, .*from here on the times are dates"):
        prepare_impressions("shown.csv", "prepared", labels=LABELS, context=CONTEXT)


def test_the_count_of_bad_rows_of_one_chunk_is_a_bound(here):
    # 50 of 50 rows from 150 on; the fifth chunk of 37 rows has all but the first two of its rows.
    frame(click=[0.0] * 150 + [3.0] * 50).to_parquet("shown.parquet")
    with pytest.raises(InputError, match="row 150, .*at least 35 rows like this"):
        prepare_impressions("shown.parquet", "prepared", labels=LABELS, context=CONTEXT)


@pytest.mark.parametrize(("columns", "message"), BAD)
def test_a_bad_value_is_the_error_of_memory(here, columns, message):
    frame(**columns).to_parquet("shown.parquet")
    for read in (Impressions.from_frame, lambda *args, **how: prepare_impressions(
        args[0], "prepared", **how)):  # fmt: skip
        with pytest.raises(InputError, match=message):
            read("shown.parquet", labels=LABELS, context=CONTEXT)
    # Nothing is left of what was stopped.
    assert [one.name for one in here.iterdir()] == ["shown.parquet"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": {"buy": {}}}, "no column 'buy' .for 'buy'"),
        ({"context": {"day": {"kind": "category"}}}, "no column 'day'"),
        ({"columns": {"user": "who"}}, "no column 'who'"),
        ({"context": {"c": {"kind": "category", "column": "click"}}}, "which is the label click"),
        ({"context": {"friends": {"kind": "users", "column": "user"}}}, "needs the vocabulary"),
        ({"context": {"age": {"kind": "category", "buckets": 3}}}, "buckets is for kind number"),
    ],
)
def test_what_is_asked_for_is_checked_first(here, options, message):
    frame().to_parquet("shown.parquet")
    with pytest.raises(InputError, match=message):
        prepare_impressions("shown.parquet", "prepared", **options)
    with pytest.raises(InputError, match="no data rows"):
        frame()[:0].to_parquet("empty.parquet")
        prepare_impressions("empty.parquet", "prepared")


def test_histories_need_times(here):
    frame().drop(columns="timestamp").to_parquet("shown.parquet")
    prepared = prepare_impressions("shown.parquet", "prepared")
    with pytest.raises(InputError, match="shown.parquet has no times"):
        prepared.impressions(past())


def test_a_table_is_prepared_once_and_again_when_it_changes(here):
    frame().to_parquet("shown.parquet")
    manifest = here / "prepared" / "manifest.json"
    prepare_impressions("shown.parquet", "prepared")
    made = manifest.stat().st_mtime_ns
    prepare_impressions("shown.parquet", "prepared")
    assert manifest.stat().st_mtime_ns == made
    prepare_impressions("shown.parquet", "prepared", context={"age": {"kind": "number"}})
    assert manifest.stat().st_mtime_ns != made
    frame()[:150].to_parquet("shown.parquet")
    assert prepare_impressions("shown.parquet", "prepared").rows == 150


def test_other_folders_are_left_as_they_are(here):
    frame().to_parquet("shown.parquet")
    (here / "mine").mkdir()
    (here / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds files, and is no prepared folder"):
        prepare_impressions("shown.parquet", "mine")
    (here / "mine" / "manifest.json").write_text('{"format": 1}')
    with pytest.raises(InputError, match="not that of impressions"):
        prepare_impressions("shown.parquet", "mine")
    with pytest.raises(InputError, match="no prepared impressions"):
        PreparedImpressions("mine")


def test_a_damaged_column_is_noticed(here):
    frame().to_parquet("shown.parquet")
    prepare_impressions("shown.parquet", "prepared")
    (here / "prepared" / "columns" / "timestamp.bin").write_bytes(b"12345678")
    with pytest.raises(InputError, match=r"timestamp.bin is damaged: expected 1,600 bytes"):
        PreparedImpressions("prepared").impressions()


def test_a_disk_that_is_too_small(here, monkeypatch):
    frame().to_parquet("shown.parquet")
    usage = type("usage", (), {"free": 100})
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda path: usage)
        with pytest.raises(InputError, match="200 rows x 44 bytes x 3 = .* Name a folder on anot"):
            prepare_impressions("shown.parquet", "prepared")
    assert not (here / "prepared").exists()
    data = prepare_impressions("shown.parquet", "prepared").impressions()

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        data.select(np.array([1, 5]))


def test_a_file_that_changes_while_it_is_read(here):
    frame().to_csv("shown.csv", index=False)

    def touch(line):
        with open("shown.csv", "a") as file:
            file.write("\n")

    with pytest.raises(InputError, match="changed while it was read"):
        prepare_impressions("shown.csv", "prepared", progress=touch)
    assert not (here / "prepared").exists()


def test_columns_of_a_part_are_replaced_as_of_any_impressions(here):
    frame().to_parquet("shown.parquet")
    data = prepare_impressions("shown.parquet", "prepared").impressions()
    weighted = dataclasses.replace(data, weight=np.ones(SIZE))
    assert isinstance(weighted, StoredImpressions)
    assert weighted.select(np.array([4, 2])).weight.tolist() == [1.0, 1.0]


def test_times_of_a_text_file_that_become_fractions_or_dates(here):
    table = frame()
    times = table["timestamp"].astype(str)
    table.assign(timestamp=times.where(table.index < 150, times + ".5")).to_csv(
        "shown.csv", index=False
    )
    assert_same(*both("shown.csv"))
    dates = pd.to_datetime(table["timestamp"], unit="s").astype(str)
    table.assign(timestamp=times.where(table.index < 148, dates)).to_csv("mixed.csv", index=False)
    with pytest.raises(InputError, match="row 150, .* the times are dates, and before they are nu"):
        prepare_impressions("mixed.csv", "mixed")


def test_text_files_that_are_empty_or_too_wide(here):
    (here / "shown.csv").write_text("user,item,click\n")
    with pytest.raises(InputError, match="shown.csv: no data rows"):
        prepare_impressions("shown.csv", "prepared")
    (here / "shown.csv").write_text("user,item,click\n" + "u,i,1\n" * 60 + "u,i,1,2\n")
    with pytest.raises(InputError, match="line 62: 4 fields, but the header has 3"):
        prepare_impressions("shown.csv", "prepared")
    (here / "shown.csv").write_text("user;item;click\n" + "u;i;1\n" * 60)
    with pytest.raises(InputError, match="Is the separator right|is the separator right"):
        prepare_impressions("shown.csv", "prepared")
    assert prepare_impressions("shown.csv", "prepared", separator=";").rows == 60
