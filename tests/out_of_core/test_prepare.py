"""The prepared tables against the reader and the splits in memory."""

import os
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kerasrec.data import Interactions, load, splits
from kerasrec.data.clean_rows import COLUMNS
from kerasrec.errors import InputError
from kerasrec.out_of_core import Prepared, database, prepare

PARTS = ("train", "validation", "test")
SPLITS = [
    {},
    {"protocol": "next-item", "validation": False, "unseen": "drop"},
    {"protocol": "time", "validation": 0.2, "unseen": "drop"},
    {"protocol": "time", "validation": 0.0},
    {"protocol": "random", "seed": 3},
    {"protocol": "k-fold", "folds": 3, "fold": 2},
    {"protocol": "fold", "fold": 1, "unseen": "drop"},
    {"protocol": "cold-items", "seed": 5},
    {"protocol": "none"},
]


def clicks(rows=600, users=80, items=40, seed=0):
    """Few times, so that many are equal; users of one click; rows that occur twice."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "who": np.char.add("u", random.integers(0, users, rows).astype(str)),
            "what": random.integers(0, items, rows),
            "at": random.integers(1_600_000_000, 1_600_000_090, rows),
            "stars": random.choice([0.5, 1.1, 5.0], rows),
            "how": random.choice(["view", "buy"], rows),
            "fold": random.integers(0, 3, rows),
        }
    )
    twice = frame.sample(30, random_state=seed).assign(stars=2.0)
    once = pd.DataFrame(
        {"who": ["x", "y"], "what": [1, 999], "at": 1_600_000_091, "stars": 1.0, "how": "view"}
    )
    return pd.concat([frame, twice, once.assign(fold=1)], ignore_index=True)


NAMES = {"user": "who", "item": "what", "timestamp": "at", "value": "stars", "behavior": "how"}


def write(folder, frame, parts=3):
    folder.mkdir(exist_ok=True)
    for number, rows in enumerate(np.array_split(np.arange(len(frame)), parts)):
        part = pa.Table.from_pandas(frame.iloc[rows], preserve_index=False)
        pq.write_table(part, folder / f"{number}.parquet", row_group_size=50)
    return folder


def assert_same(prepared, data, split):
    arguments = dict(split)
    wanted = splits.PROTOCOLS[arguments.pop("protocol", "next-item")](data, **arguments)
    found = prepared.split()
    assert (found.protocol, found.notes) == (wanted.protocol, wanted.notes)
    for name in PARTS:
        stored, theirs = getattr(found, name), getattr(wanted, name)
        ours = stored.in_time_order()
        for column in COLUMNS:
            np.testing.assert_array_equal(getattr(ours, column), getattr(theirs, column))
        for side in ("users", "items"):
            assert getattr(ours, side).vocabulary == getattr(theirs, side).vocabulary
            counts = getattr(theirs, f"{side[:-1]}_counts")()
            np.testing.assert_array_equal(getattr(stored, f"{side[:-1]}_counts")(), counts)
        assert ours.behaviors == theirs.behaviors
    np.testing.assert_allclose(found.train.mean_value, wanted.train.mean_value)
    assert found.train.has_labels == wanted.train.has_labels
    assert found.train.explicit == wanted.train.explicit
    everything = prepared.interactions().in_time_order()
    if split.get("unseen") != "drop":  # memory keeps what is dropped, for stored histories
        np.testing.assert_array_equal(everything.item, data.item)
    return wanted


@pytest.mark.parametrize("split", SPLITS, ids=lambda s: "-".join(map(str, s.values())) or "default")
def test_same_rows_parts_and_notes_as_in_memory(tmp_path, split):
    source = write(tmp_path / "clicks", clicks())
    prepared = prepare(source, tmp_path / "prepared", NAMES, split=split)
    data = Interactions.from_parquet(source, NAMES)
    wanted = assert_same(prepared, data, split)
    for name in ("rows_read", "duplicates_merged", "out_of_order", "equal_times"):
        assert getattr(prepared.report, name) == getattr(data.report, name) > 0
    if wanted.protocol != "none":
        chosen = np.unique(wanted.test.user)[::3]
        ours, theirs = prepared.split().queries("test", chosen), wanted.queries("test")
        theirs = dict(zip(theirs.users.tolist(), zip(theirs.history, theirs.truth, strict=True),
                          strict=True))  # fmt: skip
        assert ours.users.tolist() == chosen.tolist()
        for user, history, truth in zip(ours.users.tolist(), ours.history, ours.truth, strict=True):
            np.testing.assert_array_equal(history, theirs[user][0])
            np.testing.assert_array_equal(truth, theirs[user][1])


def test_a_source_in_time_order_and_one_without_times(tmp_path):
    sorted_clicks = clicks().sort_values("at", kind="stable")
    report = prepare(write(tmp_path / "a", sorted_clicks), tmp_path / "b", NAMES).report
    assert report.out_of_order == 0 < report.equal_times
    untimed = {"user": "who", "item": "what"}
    report = prepare(write(tmp_path / "c", clicks()), tmp_path / "d", untimed).report
    assert (report.out_of_order, report.equal_times) == (0, 0)


def test_a_database_in_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "SMALL", 0)
    source = write(tmp_path / "clicks", clicks())
    prepared = prepare(source, tmp_path / "prepared", NAMES)
    assert_same(prepared, Interactions.from_parquet(source, NAMES), {})


@pytest.mark.parametrize(
    "keys", [("user", "item"), ("user", "item", "value"), ("user", "item", "timestamp")]
)
def test_fewer_columns(tmp_path, keys):
    columns = {key: NAMES[key] for key in keys}
    source = write(tmp_path / "clicks", clicks()[list(columns.values())])
    prepared = prepare(source, tmp_path / "prepared", columns)
    assert_same(prepared, Interactions.from_parquet(source, columns), {})


def test_integers_without_a_sign(tmp_path):
    frame = clicks().astype({"what": "uint16", "at": "uint64", "fold": "uint8"})
    source = write(tmp_path / "clicks", frame)
    split = {"protocol": "fold", "fold": 1}
    prepared = prepare(source, tmp_path / "prepared", NAMES, split=split)
    assert_same(prepared, Interactions.from_parquet(source, NAMES), split)
    assert pq.read_table(prepared.folder / "test").schema.field("fold").type == pa.int32()


@pytest.mark.parametrize("kind", ["s", "ms", "us", "ns", "utc", "integers", "before 1970"])
def test_times_of_every_unit(tmp_path, kind):
    frame = clicks().drop(columns="fold")
    times = pd.to_datetime(frame["at"] * 10**9 + np.arange(len(frame)) % 7 * 10**8)
    if kind == "utc":
        frame["at"] = times.astype("datetime64[us]").dt.tz_localize("UTC")
    elif kind == "integers":
        frame["at"] = times.astype("datetime64[ms]").astype(np.int64)
    elif kind == "before 1970":
        frame["at"] = (times - pd.Timedelta(days=30_000)).astype("datetime64[us]")
    else:
        frame["at"] = times.astype(f"datetime64[{kind}]")
    source = write(tmp_path / "clicks", frame)
    prepared = prepare(source, tmp_path / "prepared", NAMES)
    assert_same(prepared, Interactions.from_parquet(source, NAMES), {})


def test_names_that_differ_in_upper_and_lower_case(tmp_path):
    frame = clicks()
    frame = pd.concat([frame[["what"]].set_axis(["WHO"], axis=1), frame], axis=1)
    source = write(tmp_path / "clicks", frame)
    for names in (NAMES, NAMES | {"item": "WHO"}):
        prepared = prepare(source, tmp_path / "prepared", names, split={"protocol": "none"})
        data = Interactions.from_parquet(source, columns=names)
        assert_same(prepared, data, {"protocol": "none"})


@pytest.mark.parametrize("pattern", ["", "how=*", "*/0.parquet"])
def test_ids_in_the_names_of_folders(tmp_path, pattern):
    (tmp_path / "clicks").mkdir()
    for how, rows in clicks().groupby("how"):
        write(tmp_path / "clicks" / f"how={how}", rows.drop(columns="how"), parts=1)
    source = tmp_path / "clicks" / pattern
    prepared = prepare(source, tmp_path / "prepared", NAMES)
    assert_same(prepared, Interactions.from_parquet(source, NAMES), {})


def test_the_order_of_the_rows_on_disk(tmp_path):
    prepared = prepare(write(tmp_path / "c", clicks()), tmp_path / "prepared", NAMES)
    rows = pq.read_table(prepared.folder / "train").to_pandas()
    assert rows[["user", "place"]].equals(rows[["user", "place"]].sort_values(["user", "place"]))
    assert list(rows) == ["user", "item", "value", "behavior", "fold", "timestamp", "place"]


def test_a_second_call_reuses_the_folder_unless_something_changed(tmp_path):
    source, folder = write(tmp_path / "clicks", clicks()), tmp_path / "prepared"
    prepare(source, folder, NAMES)
    before = (folder / "manifest.json").stat().st_ino
    prepare(source, folder, NAMES)
    assert (folder / "manifest.json").stat().st_ino == before
    assert prepare(source, folder, NAMES, split={"protocol": "time"}).protocol == "time"
    write(source, clicks(rows=700))
    assert prepare(source, folder, NAMES).manifest["counts"]["rows_read"] == 732
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clicks", "prepared"]


def test_an_interrupted_preparation_is_removed_and_the_earlier_one_kept(tmp_path):
    source, folder = write(tmp_path / "clicks", clicks()), tmp_path / "prepared"
    prepare(source, folder, NAMES)

    def stop(line):
        if "sort" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(source, folder, NAMES, split={"protocol": "time"}, progress=stop)
    assert Prepared(folder).protocol == "next-item"
    # What a killed process leaves.
    (tmp_path / ".writing-prepared" / "work").mkdir(parents=True)
    (tmp_path / ".writing-prepared" / "work" / "tables.db").write_bytes(b"half")
    assert prepare(source, folder, NAMES, split={"protocol": "time"}).protocol == "time"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clicks", "prepared"]


def test_reading_says_how_long_it_takes(tmp_path):
    source, said = write(tmp_path / "clicks", clicks()), []
    write(tmp_path / "none", clicks()[:0], parts=1)
    (tmp_path / "none" / "0.parquet").rename(source / "-.parquet")  # the first part has no rows
    prepare(source, tmp_path / "prepared", NAMES, progress=said.append)
    assert said[1].startswith("read 0 of 632 rows, about ")
    assert said[4] == "read 632 of 632 rows, about 0 s left to read"


def test_a_second_preparation_of_the_same_folder_is_refused(tmp_path):
    source, folder = write(tmp_path / "clicks", clicks()), tmp_path / "prepared"
    refused = []

    def again(line):
        if not refused:
            with pytest.raises(
                InputError, match=f"use by process {os.getpid()}.*Wait until"
            ) as error:
                prepare(source, folder, NAMES)
            refused.append(error)

    prepare(source, folder, NAMES, progress=again)
    assert refused


def test_a_folder_of_anything_else_is_left_alone(tmp_path):
    source = write(tmp_path / "clicks", clicks())
    with pytest.raises(InputError, match="is no prepared folder: it is left as it is"):
        prepare(source, source, NAMES)
    assert len(list(source.iterdir())) == 3
    # A manifest of another job, or of something else.
    for text in ('{"format": 1, "split": {"protocol": "next-item"}}', '{"icons": []}', "[]"):
        (source / "manifest.json").write_text(text)
        with pytest.raises(InputError, match="not written by `prepare`: the folder is left"):
            prepare(source, source, NAMES)
        assert len(list(source.iterdir())) == 4


def test_a_disk_that_is_too_small(tmp_path, monkeypatch):
    source = write(tmp_path / "clicks", clicks())
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(
        InputError, match=r"632 rows x \(60 \+ 6 columns x 10\) bytes = .* are free"
    ):
        prepare(source, tmp_path / "prepared", NAMES)
    assert [path.name for path in tmp_path.iterdir()] == ["clicks"]


def test_a_part_that_changes_while_it_is_read(tmp_path):
    source = write(tmp_path / "clicks", clicks())

    def touch(line):
        os.utime(source / "1.parquet", ns=(1, 1))

    with pytest.raises(InputError, match=r"1\.parquet: changed while it was read"):
        prepare(source, tmp_path / "prepared", NAMES, progress=touch)
    assert [path.name for path in tmp_path.iterdir()] == ["clicks"]


def test_a_part_with_other_columns_or_types(tmp_path):
    source = write(tmp_path / "clicks", clicks())
    clicks().rename(columns={"at": "when"}).to_parquet(source / "1.parquet")
    with pytest.raises(InputError, match=r"1\.parquet: the columns .* differ from .*0\.parquet"):
        prepare(source, tmp_path / "prepared", NAMES)
    frame = clicks()
    frame.assign(at=frame["at"].astype(str)).to_parquet(source / "1.parquet")
    with pytest.raises(
        InputError, match=r"1\.parquet: column 'at' is .*string, but int64 in .*0\.p"
    ):
        prepare(source, tmp_path / "prepared", NAMES)


@pytest.mark.parametrize(
    "column, values, message",
    [
        ("who", [None], r"1\.parquet, row 4, column 'who': the user is missing\. Correct it"),
        ("who", [" "], r"1\.parquet, row 4, column 'who': the user is missing\. Correct it"),
        ("who", ["nan"], r"1\.parquet, row 4, column 'who': the user is missing\. Correct it"),
        ("who", ["a\nb"], r"1\.parquet, row 4, column 'who': 'a\\nb' is no id: it holds a line b"),
        ("stars", [None], r"1\.parquet, row 4, column 'stars': the value is missing\. Correct"),
        ("stars", [np.inf], r"row 4, column 'stars': inf is not a finite number\. Correct it"),
        ("stars", [1e300], r"row 4, column 'stars': 1e\+300 is beyond float32, which ends at 3"),
        ("at", [1_600_000_000_000], r"row 0, column 'at': 16\d+ does not look like milliseconds"),
        ("fold", [2**31], r"1\.parquet, row 4, column 'fold': 2147483648 has more than 32 bits"),
    ],
)  # fmt: skip
def test_a_bad_value_is_named_with_its_file_row_and_column(tmp_path, column, values, message):
    frame = clicks()
    frame[column] = frame[column].astype("float64" if column == "stars" else frame[column].dtype)
    frame.loc[215, column] = values[0]  # of three parts with 211 rows the second
    if column == "stars" and values == [None]:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        assert table.column("stars").null_count == 1
    source = write(tmp_path / "clicks", frame)
    with pytest.raises(InputError, match=message):
        prepare(source, tmp_path / "prepared", NAMES)
    assert [path.name for path in tmp_path.iterdir()] == ["clicks"]


@pytest.mark.parametrize(
    "column, values, message",
    [
        ("what", 0.5, r"column 'what' \(for 'item'\) is DOUBLE; expected text or integers"),
        ("stars", "5", r"column 'stars' \(for 'value'\) is VARCHAR; expected numbers"),
        ("at", "2024-01-01", r"column 'at' \(for 'timestamp'\) is VARCHAR; expected times or int"),
        ("at", 1.5, r"column 'at' \(for 'timestamp'\) is DOUBLE; expected times or integers"),
        ("who", ["a"], r"column 'who' \(for 'user'\) is VARCHAR\[\]; expected text or integers"),
        ("what", [1], r"column 'what' \(for 'item'\) is BIGINT\[\]; expected text or integers"),
    ],
)
def test_types_that_are_not_read(tmp_path, column, values, message):
    frame = clicks()
    source = write(tmp_path / "clicks", frame.assign(**{column: [values] * len(frame)}))
    with pytest.raises(InputError, match=message):
        prepare(source, tmp_path / "prepared", NAMES)


@pytest.mark.parametrize(
    "split, message",
    [
        ({"protocol": "sampled"}, "sampled cannot be prepared: it draws items for each user"),
        ({"protocol": "cold-items", "among": "cold"}, 'with among="all" and given=False only'),
        ({"protocol": "nxt-item"}, "did you mean 'next-item'"),
        ({"protocol": "time", "sed": 1}, "time has no argument 'sed'; it has validation, test"),
        ({"protocol": "time", "test": 1.0}, "must leave something to train"),
        ({"protocol": "k-fold", "folds": 1}, "folds be 2 or more"),
        ({"unseen": "hide"}, 'unseen must be "keep" or "drop"'),
        ({"protocol": "fold", "fold": 7}, "no interaction is in fold 7; there are 0, 1, 2"),
    ],
)
def test_splits_that_are_refused(tmp_path, split, message):
    source = write(tmp_path / "clicks", clicks())
    with pytest.raises(InputError, match=message):
        prepare(source, tmp_path / "prepared", NAMES, split=split)


def test_splits_without_their_columns(tmp_path):
    columns = {"user": "who", "item": "what"}
    source = write(tmp_path / "clicks", clicks()[["who", "what"]])
    for protocol, key in (("time", "timestamp"), ("fold", "fold")):
        with pytest.raises(InputError, match=f"split {protocol} needs the column '{key}'"):
            prepare(source, tmp_path / "prepared", columns, split={"protocol": protocol})


def test_one_user_or_nothing_to_test_on(tmp_path):
    source = write(tmp_path / "clicks", clicks().assign(who="ann"))
    with pytest.raises(InputError, match="'ann' is the only user"):
        prepare(source, tmp_path / "prepared", NAMES)
    frame = pd.DataFrame({"user": ["a", "b"], "item": ["x", "y"]})
    source = write(tmp_path / "short", frame, parts=1)
    with pytest.raises(InputError, match="next-item split leaves nothing for validation of 2 inte"):
        prepare(source, tmp_path / "prepared")


def test_too_little_memory(tmp_path):
    source = write(tmp_path / "clicks", clicks())
    with pytest.raises(InputError, match="expected GiB above 0"):
        prepare(source, tmp_path / "prepared", NAMES, memory=0)
    with pytest.raises(InputError, match=r"DuckDB needs more than memory=0\.001 GiB"):
        prepare(source, tmp_path / "prepared", NAMES, memory=0.001, threads=1)


@pytest.mark.slow
@pytest.mark.skipif("KERASREC_DATA" not in os.environ, reason="KERASREC_DATA names no folder")
def test_movielens_1m(tmp_path):
    data = load("ml-1m")  # without times: the order of the rows counts
    frame = pd.DataFrame(
        {
            "user": data.users.vocabulary.lookup(data.user),
            "item": data.items.vocabulary.lookup(data.item),
            "value": data.value,
        }
    ).sample(frac=1, random_state=0)
    source = write(tmp_path / "clicks", frame)
    prepared = prepare(source, tmp_path / "prepared")
    assert_same(prepared, Interactions.from_parquet(source), {})
