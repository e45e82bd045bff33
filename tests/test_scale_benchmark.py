"""`python -m benchmarks scale`: its table, the steps, and the arithmetic of what it prints."""

import argparse
import io
import json
import pathlib

import numpy as np
import pyarrow.parquet
import pytest
import rich.console

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _repository_on_the_path(monkeypatch):
    # The benchmarks are not part of the package.
    monkeypatch.syspath_prepend(str(ROOT))


def test_the_table_has_its_rows_users_and_items_in_time_order(tmp_path, monkeypatch):
    from benchmarks.peers import skewed_table

    monkeypatch.setattr(skewed_table, "GROUP", 10_000)
    skewed_table.write_table(tmp_path / "a.parquet", 25_000)
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]
    assert pyarrow.parquet.ParquetFile(tmp_path / "a.parquet").num_row_groups == 3
    table = pyarrow.parquet.read_table(tmp_path / "a.parquet")
    assert [str(kind) for kind in table.schema.types] == ["string", "string", "int64"]
    frame = table.to_pandas()
    assert len(frame) == 25_000 and frame["timestamp"].is_monotonic_increasing
    user, item = (frame[name].str[1:].astype(int) for name in ("user", "item"))
    assert set(frame["user"].str[0]) == {"u"} and set(frame["item"].str[0]) == {"i"}
    # 25,000 / 20 users, and at least 1,000 items.
    assert 1150 < user.nunique() <= 1250 and 0 <= user.min() and user.max() < 1250
    assert 900 < item.nunique() <= 1000 and item.max() < 1000
    # u ** 2 < 0.01 if u < 0.1; u ** 1.3 < 0.01 if u < 0.029.
    assert (item < 10).mean() == pytest.approx(0.1, abs=0.01)
    assert (user < 12.5).mean() == pytest.approx(0.029, abs=0.005)


def test_the_table_is_that_of_its_seed(tmp_path):
    from benchmarks.peers.skewed_table import sizes_of, write_table

    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_table(tmp_path / name, 3000, seed)
    a, b, c = (pyarrow.parquet.read_table(tmp_path / name) for name in "abc")
    assert a.equals(b) and not a.equals(c)
    assert sizes_of(10**8) == (5_000_000, 500_000)


@pytest.mark.slow
def test_the_steps_follow_one_another(tmp_path):
    from benchmarks.peers.scale_steps import setup
    from benchmarks.peers.skewed_table import write_table

    write_table(tmp_path / "table.parquet", 2000)
    case = {"table": str(tmp_path / "table.parquet"), "rows": 2000, "folder": str(tmp_path)}
    case |= {"memory": 1, "steps": 1}
    found = {
        step: setup({**case, "step": step})(1)
        for step in ("prepare", "fit MF", "fit SASRec", "evaluate")
    }
    assert found["prepare"]["worked"] == 2000
    # 2,000 rows of 100 users: all but the last two of each, and few of unknown items.
    assert 1700 <= found["fit MF"]["worked"] <= 1800
    assert found["fit SASRec"]["worked"] == 256
    assert 80 <= found["evaluate"]["worked"] <= 100
    names = [part["name"] for part in found["fit MF"]["parts"]]
    assert names == ["read and adapt", "train", "save"]
    for one in found.values():
        assert one["seconds"] == pytest.approx(sum(part["seconds"] for part in one["parts"]))
    histories = np.load(tmp_path / "mf" / "histories.npz")
    kept = (
        2000
        - json.loads((tmp_path / "prepared/manifest.json").read_text())["counts"][
            "duplicates_merged"
        ]
    )
    assert found["fit MF"]["worked"] + 100 < len(histories["items"]) <= kept


def test_growth_is_that_of_the_time_per_row():
    from benchmarks.runner.growth_table import GrowthTable, Measured, PartsTable, short

    def measured(step, rows, seconds, **more):
        return Measured(step, rows, rows, seconds, 2 * seconds, **more)

    parts = ({"name": "read", "seconds": 3.0, "busy": 1.0},)
    rows = (
        measured("one", 10**6, 1.0),
        Measured("two", 10**6, note="died"),
        measured("one", 10**7, 20.0, parts=parts, peak=2**30, anonymous=2**29, disk=2**31),
        measured("two", 10**7, 5.0),
        measured("one", 10**8, 12_345.0),
    )
    table = GrowthTable("Steps", rows)
    # 1, 2 and 123 microseconds a row, compared with those of 10 million.
    assert [table.growth(one) for one in rows] == [0.5, None, 1.0, 1.0, 61.725]
    assert GrowthTable("", rows[:1] + rows[4:]).growth(rows[4]) == pytest.approx(123.45)
    assert list(table.notes()) == ["two, 1,000,000 rows: died"]
    lines = shown(table)
    assert [line.split() for line in lines if "M" in line] == [
        ["one", "1M", "1.00", "2.00", "1.00", "0.500"],
        ["10M", "20.0", "40.0", "2.00", "1.00", "1.00", "0.500", "2.00"],
        ["100M", "12,345", "24,690", "123", "61.7"],
        ["two", "1M"],
        ["10M", "5.00", "10.0", "0.500", "1.00"],
    ]
    parts = PartsTable("Parts", rows)
    assert parts.seconds() == {("one", "read"): {10**7: 3.0}}
    assert shown(parts)[-1].split() == ["one", "read", "3.00"]
    assert json.loads(json.dumps(table.to_dict()))["rows"][2]["microseconds"] == 2.0
    assert json.loads(json.dumps(parts.to_dict()))["rows"][0]["seconds"] == 3.0
    assert [short(10**8), short(1500)] == ["100M", "1,500"]


def shown(table):
    """The lines of a table, which must fit 80 columns."""
    console = rich.console.Console(file=io.StringIO(), width=200)
    console.print(table.to_rich())
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert max(map(len, lines)) <= 80
    return [line for line in lines if line]


def test_every_size_is_measured_and_what_needs_a_failed_step_is_not(tmp_path, monkeypatch):
    from benchmarks import scale
    from benchmarks.__main__ import make_parser
    from benchmarks.runner.growth_table import Measured

    ran = []

    def run(step, case):
        ran.append((step, case["rows"]))
        if step == "write":
            pathlib.Path(case["table"]).write_bytes(b"rows")
        else:
            assert not (pathlib.Path(case["folder"]) / step).exists()
            (pathlib.Path(case["folder"]) / step).touch()
        if (step, case["rows"]) == ("fit MF", 2000):
            return Measured(step, 2000, note="killed by the system: out of memory")
        return Measured(step, case["rows"], case["rows"], 1.0, 1.0, peak=2**28)

    monkeypatch.setattr(scale, "run", run)
    given = ["scale", "--rows", "2e3", "1e3", "--folder", str(tmp_path)]
    arguments = make_parser().parse_args(given)
    report = arguments.measure(arguments, lambda line: None)
    steps = ["prepare", "fit MF", "fit SASRec", "evaluate", "export"]
    assert ran[:6] == [(step, 1000) for step in ["write", *steps]]
    assert ran[6:] == [(step, 2000) for step in ["write", *steps[:3]]]
    notes = {(one.step, one.rows): one.note for one in report.tables[0].rows}
    assert notes["evaluate", 2000] == notes["export", 2000] == "not run without fit MF"
    assert notes["export", 1000] == "" and len(notes) == 10
    assert report.notes[0] == "1,000 rows: the table: 1 s, 0.00 GiB, peak 0.25 GiB"
    # The tables are kept, and not written again; what the steps wrote is gone.
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "table-1000.parquet", "table-2000.parquet"]  # fmt: skip
    ran.clear()
    report = arguments.measure(arguments, lambda line: None)
    assert ("write", 1000) not in ran and "was there" in report.notes[0]


def test_a_disk_that_is_too_small_is_refused_with_the_calculation(tmp_path):
    from benchmarks import scale

    scale.table_of(tmp_path, 1000).touch()
    wanted = r"3,000 rows of tables x 1073741824 bytes \+ 3,000 rows x .* = 3,075,000.0 GiB"
    with pytest.raises(SystemExit, match=wanted):
        scale.check_disk(tmp_path, [1000, 3000], 2**30, 2**40)


@pytest.mark.parametrize("text", ["999", "1000.5", "many"])
def test_rows_are_whole_numbers(text):
    from benchmarks.scale import count

    assert count("1e8") == 10**8
    with pytest.raises((ValueError, argparse.ArgumentTypeError)):
        count(text)


def test_anonymous_memory_is_what_a_process_holds():
    import os

    from benchmarks.runner.anonymous_memory import AnonymousMemory

    if not pathlib.Path("/proc/self/status").exists():
        pytest.skip("needs /proc")
    held = np.ones(2**26, np.uint8)
    with AnonymousMemory(os.getpid()) as memory:
        pass
    assert held.nbytes < memory.peak < 2**36


@pytest.mark.slow
def test_steps_of_impressions_in_memory_and_on_disk(tmp_path):
    from benchmarks.peers.impressions_steps import CONTEXT, setup
    from benchmarks.peers.impressions_table import write_table

    table = tmp_path / "table.parquet"
    write_table(table, 10_000)
    frame = pyarrow.parquet.read_table(table).to_pandas()
    assert len(frame) == 10_000 and frame["timestamp"].is_monotonic_increasing
    assert len(CONTEXT) == 8 and set(CONTEXT) < set(frame)
    # A click is likelier the larger the score is.
    clicked = frame["click"] == 1
    assert frame["score"][clicked].mean() > 0.3 > 0 > frame["score"][~clicked].mean()
    case = {"table": str(table), "rows": 10_000, "folder": str(tmp_path)}
    parts = {
        step: [part["name"] for part in setup({**case, "step": step})(1)["parts"]]
        for step in ("memory", "prepare", "disk")
    }
    trained = ["split", "adapt", "epoch", "evaluate 2 %"]
    assert parts["memory"] == ["read", *trained] and parts["disk"] == ["encode", *trained]
    assert (tmp_path / "prepared" / "manifest.json").exists()
