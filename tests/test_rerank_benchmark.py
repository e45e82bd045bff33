"""The benchmark `rerank`: the rules that it measures, its tables and its picture."""

import argparse
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _repository_on_the_path(monkeypatch):
    # The benchmarks are not part of the package.
    monkeypatch.syspath_prepend(str(ROOT))


def test_every_line_is_of_rules_that_exist():
    from benchmarks.rerank import lines
    from kerasrec.models import Rules

    found = lines("genres", quick=False)
    assert list(found) == [
        "mmr by vectors", "mmr by genres", "dpp by vectors", "dpp by genres", "max_per genres",
        "popularity_damping",
    ]  # fmt: skip
    for line in found.values():
        assert len(line) > 1
        for _, rules in line:
            assert Rules(**rules).to_dict()
    assert list(lines(None, quick=True)) == [
        "mmr by vectors", "dpp by vectors", "popularity_damping",
    ]  # fmt: skip


def test_a_table_a_metric_and_a_row_a_strength():
    from benchmarks.rerank import METRICS, PLAIN, tables

    values = {PLAIN: {None: (0.4, 0.5, 0.6)}, "mmr": {0.1: (0.2, 0.7, 0.9), 0.3: (0.1, 0.8, 0.9)}}
    found = list(tables(values))
    assert [table.title for table in found] == list(METRICS)
    assert [row.name for row in found[0].rows] == [PLAIN, "mmr 0.1", "mmr 0.3"]
    assert found[0].ratio("mmr 0.1", PLAIN) == pytest.approx(0.5)
    assert [row.median for row in found[1].rows] == [0.5, 0.7, 0.8]


@pytest.mark.slow
def test_it_runs(tmp_path):
    from benchmarks.rerank import add_arguments, measure

    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    add_arguments(parser)
    picture = tmp_path / "curve.png"
    report = measure(parser.parse_args(["--quick", "--picture", str(picture)]), lambda line: None)
    assert len(report.tables) == 3 and all(len(table.rows) == 7 for table in report.tables)
    assert all(0 <= row.median <= 1 for table in report.tables for row in table.rows)
    assert picture.stat().st_size > 1000
