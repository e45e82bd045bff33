"""The benchmark of all users: the cases answer and are timed."""

import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.mark.slow
@pytest.mark.export
def test_every_case_is_timed(monkeypatch):
    # The benchmarks are no part of the package.
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import all_users
    from benchmarks.__main__ import make_parser

    arguments = make_parser().parse_args(["all_users", "--quick"])
    report = all_users.measure(arguments, lambda line: None)
    speeds, sizes = report.tables
    for name in (all_users.BARE, all_users.EXPORT, all_users.MODEL):
        assert speeds.row(name).median > 0
    assert [row.name for row in sizes.rows] == ["batches of 16", "batches of 32"]
    assert report.bars == [] and "A million users at this speed" in report.notes[0]
