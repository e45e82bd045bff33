"""The benchmark of retrieval: its peers answer the same, its bars are read off its tables."""

import importlib.util
import pathlib

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _repository_on_the_path(monkeypatch):
    # The benchmarks are no part of the package.
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.mark.slow
def test_every_peer_answers_and_is_timed():
    from benchmarks import retrieval
    from benchmarks.__main__ import make_parser

    arguments = make_parser().parse_args(["retrieval", "--quick", "--rounds", "1"])
    report = retrieval.measure(arguments, lambda line: None)
    assert [table.title[-8:] for table in report.tables] == [" batch 1", "batch 64"]
    for table in report.tables:
        for name in (retrieval.BOUND, retrieval.EXACT, retrieval.BFLOAT16, retrieval.IVF):
            assert table.row(name).median > 0
        assert table.row(retrieval.IVF).note.startswith("recall ")
        installed = importlib.util.find_spec("faiss") is not None
        assert (table.row(retrieval.FLAT).median is not None) == installed
    assert report.bars == []


@pytest.mark.slow
def test_what_ivf_refuses_is_said_and_the_others_are_there():
    from benchmarks import retrieval

    asked, peers, notes = retrieval.peers_of(150, 8, True, lambda line: None)
    assert peers[retrieval.IVF] is None and notes[retrieval.IVF].startswith("refused")
    vectors, queries = retrieval.clustered(150, 5, 8)
    # `peers_of` draws the same vectors.
    right = np.argsort(-(queries @ vectors[2:].T), axis=1)[:, : retrieval.K] + 2
    np.testing.assert_array_equal(peers[retrieval.EXACT](queries), right)
    assert len(asked) == 64


def test_exact_alone():
    from benchmarks import retrieval

    _, peers, notes = retrieval.peers_of(500, 8, False, lambda line: None)
    assert {name for name, call in peers.items() if call} == {
        retrieval.BOUND,
        retrieval.EXACT,
        retrieval.BFLOAT16,
    }
    assert notes[retrieval.IVF] == notes[retrieval.FLAT] == "not requested"


def test_recall_is_the_share_of_the_best():
    from benchmarks.retrieval import recall_of

    assert recall_of(
        np.array([[1, 2, 9], [4, 5, 6]]), np.array([[2, 1, 3], [6, 5, 4]])
    ) == pytest.approx(5 / 6)


def test_bars_are_those_of_a_million_items():
    from benchmarks.retrieval import BOUND, EXACT, IVF, bars_of
    from benchmarks.runner.report import Row, Table

    rows = Row(BOUND, (4.0,)), Row(EXACT, (5.0,)), Row(IVF, (0.5,))
    tables = [
        Table(f"{items} items x 64, top 100, batch {batch}", "ms", rows, BOUND)
        for items in ("10,000", "1,000,000", "10,000,000")
        for batch in (1, 64)
    ]
    bars = list(bars_of(tables))
    assert [(bar.value, bar.limit, bar.kept) for bar in bars] == [
        (1.25, 1.5, True), (10.0, 8, True), (1.25, 1.5, True),
    ]  # fmt: skip
