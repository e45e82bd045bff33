"""The arithmetic of the tables, and workers that reply, fail and end."""

import argparse
import json
import pathlib
import sys
import time

import numpy as np
import pytest

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).resolve().parents[1]
FREE = "benchmarks.runner.turns.gigabytes_free"
MODULES = ["keras_models", "keras_paths", "keras_tables", "catalogue_losses"]


@pytest.fixture(autouse=True)
def _repository_on_the_path(monkeypatch):
    # The benchmarks are not part of the package.
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.fixture
def peers(tmp_path, monkeypatch):
    """A module for workers that stands in for a library."""
    (tmp_path / "stand_in.py").write_text(
        "import os, time\n"
        "def setup(case):\n"
        "    print('a library that talks')\n"
        "    if case.get('fails'):\n"
        "        raise RuntimeError('\\n  no such thing\\nand more')\n"
        "    def run(steps):\n"
        "        if case.get('dies'):\n"
        "            os._exit(3)\n"
        "        if case.get('killed'):\n"
        "            os.kill(os.getpid(), 9)\n"
        "        time.sleep(steps * case.get('seconds', 0))\n"
        "    return run\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "stand_in"


@pytest.fixture
def turns(peers, monkeypatch):
    """`(peer, measure)`: makes a `Peer` of a case, and measures peers in 3 rounds."""
    import benchmarks.runner.turns as module

    real = module.Worker
    monkeypatch.setattr(module, "Worker", lambda python, _: real(python, peers))

    def measure(*cell):
        arguments = argparse.Namespace(rounds=3, missing_python="/nowhere/python")
        with module.Turns(arguments, 0.02, lambda line: None) as turns:
            return turns.measure("cell", cell, lambda seconds, steps: seconds / steps)

    def peer(name, library="own", gigabytes=0.0, group="", **case):
        return module.Peer(name, library, peers, case, group, gigabytes=gigabytes)

    return peer, measure


def test_ratio_is_the_median_of_the_ratios_by_round():
    from benchmarks.runner.report import Row, Table

    ours, theirs = Row("ours", (1.0, 2.0, 4.0)), Row("theirs", (3.0, 4.0, 20.0))
    table = Table("t", "ms", (ours, theirs, Row("absent", note="not installed")), "ours")
    assert (
        table.ratio("theirs", "ours") == 3.0
    )  # the median of 3, 2, 5; the ratio of the medians is 2
    assert table.ratio("ours", "ours") == 1.0
    assert table.ratio("absent", "ours") is None
    assert table.ratio("nobody", "ours") is None


def test_ratio_of_unequal_rounds_is_the_ratio_of_medians():
    from benchmarks.runner.report import Row, Table

    table = Table("t", "ms", (Row("a", (6.0,)), Row("b", (1.0, 2.0, 9.0))), "b")
    assert table.ratio("a", "b") == 3.0


def test_a_row_may_have_its_own_reference():
    from benchmarks.runner.report import Row, Table

    table = Table("t", "bytes", (Row("a", (520.0,), against=260.0),), "the minimum")
    assert table.ratio("a", "the minimum") == 2.0


@pytest.mark.parametrize(
    "value,at_least,kept", [(1.3, False, True), (1.31, False, False), (1.3, True, True),
                            (1.2, True, False), (None, True, None)]
)  # fmt: skip
def test_bar(value, at_least, kept):
    from benchmarks.runner.report import Bar

    assert Bar("b", value, 1.3, at_least).kept is kept


@pytest.mark.parametrize(
    "value,shown", [(None, ""), (1234567.0, "1,234,567"), (99.95, "100.0"), (12.34, "12.3"),
                    (1.234, "1.23"), (0.1234, "0.123"), (0.01234, "0.0123"), (0.0, "0.0000")]
)  # fmt: skip
def test_number_has_three_digits(value, shown):
    from benchmarks.runner.report import number

    assert number(value) == shown


def test_tables_fit_100_columns_and_become_json(capsys):
    from benchmarks.runner.report import Bar, Report, Row, Table

    rows = Row("ours " * 20, (1.0, 2.0)), Row("theirs", note="because " * 40)
    report = Report("title", {"rows": 3}, [Table("t", "ms", rows, rows[0].name)], [Bar("b", 2, 1)])
    report.show({"cores": 2, "load_at_start": 0.0, "python": "3"})
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 100
    assert "MISSED" in shown and shown.count("because") == 40
    found = json.loads(json.dumps(report.to_dict()))
    assert [row["median"] for row in found["tables"][0]["rows"]] == [1.5, None]
    assert found["tables"][0]["rows"][0]["ratio"] == 1.0
    assert found["bars"][0]["kept"] is False


def test_accuracy_table_shows_published_values_and_differences(capsys):
    from benchmarks.runner.accuracy_table import AccuracyTable, Line, Measurement
    from benchmarks.runner.report import Report

    one = Measurement(
        Line("Ours", "a/b", (0.45, 0.7), "A paper", 0.44), ((0.46, 0.69), (0.44, 0.69)), 2.0
    )
    alone = Measurement(Line("Alone", "a/c", (), "", 0.5), ((0.43, 0.7),), 0.25)
    table = AccuracyTable("A protocol", ("sampled_ndcg@10", "recall@10"), (one, alone))
    Report("Accuracy", {}, [table]).show({"cores": 2, "load_at_start": 0.0, "python": "3"})
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    ours = next(line.split() for line in lines if "Ours" in line)
    assert ours[1:] == [
        ".4500",
        ".4500",
        "+.0000",
        ".6900",
        ".7000",
        "-.0100",
        ".4400",
        "kept",
        "2.0",
    ]
    assert next(line.split() for line in lines if "Alone" in line)[1:] == [
        ".4300", ".7000", ".5000", "MISSED", "0.2"]  # fmt: skip
    assert list(table.notes()) == ["Ours: published in A paper; sd of 2 seeds .0141, .0000."]
    rows = json.loads(json.dumps(table.to_dict()))["rows"]
    assert rows[0]["differences"] == pytest.approx([0.0, -0.01])
    assert [row["kept"] for row in rows] == [True, False]
    errors = AccuracyTable("Errors", ("rmse",), (one,), smaller_is_better=True)
    assert not errors.kept(one)


def test_accuracy_table_names_models_that_differ_less_than_their_seeds():
    from benchmarks.runner.accuracy_table import AccuracyTable, Line, Measurement

    def measured(label, *values):
        return Measurement(Line(label, "a/b", (), "", 0.5), tuple((one,) for one in values), 1.0)

    # Standard deviations of .01, .02 and 0.
    rows = (measured("A", 0.80, 0.81, 0.82), measured("B", 0.78, 0.80, 0.82))
    rows += (measured("C", 0.75, 0.75, 0.75), measured("D", 0.99))
    last = list(AccuracyTable("A protocol", ("auc",), rows).notes())[-1]
    assert last.startswith("auc: A, B differ by no more than the sd over seeds")
    notes = list(AccuracyTable("A protocol", ("auc",), rows[2:]).notes())
    assert not any("differ" in note for note in notes)


def test_ids_are_in_range_and_popular_ones_scattered():
    import numpy as np

    from benchmarks.peers.ids import zipf_ids

    ids = zipf_ids(1000, (50, 200))
    assert ids.shape == (50, 200) and ids.min() >= 1 and ids.max() < 1000
    values, counts = np.unique(ids, return_counts=True)
    first, second = values[np.argsort(-counts)[:2]]
    # Zipf(1.2) on 1 .. 999: the second is 2 ** -1.2 = 0.44 times as frequent as the first.
    assert 0.38 < np.sort(counts)[-2] / counts.max() < 0.49
    assert abs(int(first) - int(second)) > 1
    # No two ranks share an id.
    assert len(zipf_ids(7, (1000,))) == 1000 and len(np.unique(zipf_ids(7, (1000,)))) == 6


def test_worker_replies_and_ends(peers):
    from benchmarks.runner.worker import PeerError, Worker

    with Worker(sys.executable, peers) as worker:
        assert worker.ask("setup", id=1, case={"seconds": 0.01}) == {}
        assert 0.02 <= worker.ask("time", id=1, steps=2)["seconds"] < 2
        memory = worker.ask("memory")
        assert memory["peak"] >= memory["resident"] > 1e6
        with pytest.raises(PeerError, match="^RuntimeError: no such thing$"):
            worker.ask("setup", id=2, case={"fails": True})
        worker.ask("drop", id=1)
        with pytest.raises(PeerError, match="lost"):
            worker.ask("time", id=1, steps=1)
        process = worker.process
    assert process.poll() is not None


def test_worker_ends_with_its_runner(peers):
    from benchmarks.runner.worker import Worker

    with Worker(sys.executable, peers) as worker:
        worker.ask("setup", id=1, case={})
        worker.process.stdin.close()
        assert worker.process.wait(timeout=10) == 0
        worker.process.stdin = None


def test_peers_take_turns_and_failures_are_noted(turns):
    peer, measure = turns
    rows, together = measure(
        peer("slow", seconds=0.01),
        peer("fails", fails=True),
        peer("absent", library="missing"),
    )
    slow, fails, absent = rows
    assert together and len(slow.samples) == 3
    assert all(0.01 <= sample < 1 for sample in slow.samples)
    assert fails.samples == () and fails.note == "RuntimeError: no such thing"
    assert absent.note == "not installed: there is no /nowhere/python"


def test_a_dead_worker_is_noted_and_the_next_runs(turns):
    peer, measure = turns
    (dies, killed, after), _ = measure(
        peer("dies", dies=True), peer("killed", killed=True), peer("after", seconds=0.001)
    )
    assert dies.note.startswith("died with status 3")
    assert killed.note == "killed by the system: out of memory"
    assert len(after.samples) == 3


def test_peers_that_do_not_fit_run_one_at_a_time_or_not_at_all(turns, monkeypatch):
    monkeypatch.setattr(FREE, lambda: 10.0)
    peer, measure = turns
    cell = [peer("first", gigabytes=5.0), peer("second", gigabytes=5.0), peer("huge", gigabytes=20)]
    (first, second, huge), together = measure(*cell)
    assert not together
    assert len(first.samples) == len(second.samples) == 3
    assert huge.samples == () and huge.note == "needs about 20 GB, 10 GB are free"


def test_a_hanging_worker_is_killed(peers):
    from benchmarks.runner import worker as module

    with module.Worker(sys.executable, peers, limit=1.0) as worker:
        worker.ask("setup", id=1, case={"seconds": 60})
        started = time.perf_counter()
        with pytest.raises(module.PeerError, match="no answer in 1.0 s"):
            worker.ask("time", id=1, steps=1)
        assert time.perf_counter() - started < 10


def test_every_benchmark_is_found_with_its_options():
    from benchmarks.__main__ import make_parser, names

    parser = make_parser()
    known = {"train_step", "train_model", "memory", "fit_overhead", "fit_time", "catalogue_losses"}
    assert known <= set(names())
    for name in names():
        arguments = parser.parse_args([name, "--rounds", "2", "--json"])
        assert callable(arguments.measure) and arguments.json == "-"


def test_seconds_of_a_fit_and_of_an_epoch():
    from benchmarks import fit_time
    from benchmarks.runner.report import Row

    assert fit_time.scale_of(fit_time.MODELS["nmf"], 1000)(6.0, 3) == 2.0
    # 20,000 pairs are 3 batches of 8,192: two steps in 8 seconds make 12 an epoch.
    assert fit_time.scale_of(fit_time.MODELS["light_gcn"], 20_000)(8.0, 2) == 12.0
    assert fit_time.with_epoch_note(Row("a", (1.0, 2.0, 3.0)), 20).note == "0.100 s an epoch"
    assert fit_time.with_epoch_note(Row("a", note="absent"), 20).note == "absent"


def test_our_fits_are_timed_and_missing_pythons_are_noted(tmp_path):
    from benchmarks import fit_time
    from benchmarks.runner.turns import Turns

    nowhere = argparse.Namespace(rounds=1, classic_python="/nowhere/a", recbole_python="/nowhere/b")
    count = fit_time.write_table("clicks", tmp_path / "table.npz", quick=True)
    with Turns(nowhere, 0.001, lambda line: None) as turns:
        for name in ("mf", "damped_mean", "light_gcn"):
            line = fit_time.MODELS[name]
            peers = list(fit_time.peers_of(line, tmp_path / "table.npz"))
            peers[0].case["epochs"] = 1
            (ours, rival), _ = turns.measure(name, peers, fit_time.scale_of(line, count))
            assert 0 < ours.median < 60
            assert rival.samples == () and rival.note.startswith("not installed")


def test_losses_over_the_catalogue_have_time_and_memory(monkeypatch):
    from benchmarks import catalogue_losses
    from benchmarks.__main__ import make_parser

    # For the other losses: test_every_keras_peer_returns_seconds.
    monkeypatch.setattr(catalogue_losses, "LOSSES", {"plain": "all_at_once", "fails": "unknown"})
    arguments = make_parser().parse_args(["catalogue_losses", "--quick", "--rounds", "2"])
    seconds, memory = catalogue_losses.measure(arguments, lambda line: None).tables
    assert len(seconds.row("plain").samples) == 2 and seconds.row("plain").median > 0
    # The memory of a process with TensorFlow.
    assert 0.2 < memory.row("plain").median < 8
    assert seconds.row("fails").note == memory.row("fails").note == "KeyError: 'unknown'"
    # Logits that do not fit into memory are refused.
    monkeypatch.setattr(catalogue_losses, "gigabytes_free", lambda: 10.0)
    with pytest.raises(catalogue_losses.PeerError, match="needs about 19 GB, 10 GB are free"):
        catalogue_losses.check_memory(
            {"loss": "all_at_once", "items": 1_000_000, "batch": 32, "length": 50}
        )


@pytest.mark.parametrize("module", MODULES)
def test_every_keras_peer_returns_seconds(module):
    from benchmarks import catalogue_losses, fit_overhead, train_model, train_step
    from benchmarks.runner.worker import Worker

    if module == "keras_models":
        cases = [
            peer.case
            for name in ("mf", "sasrec", "hybrid")  # pairs, histories, and histories with texts
            for peer in train_model.peers_of(name, train_model.sizes_of(name, quick=True))
        ]
        cases = [case for case in cases if case.get("steps_per_execution") == 16]
    elif module == "catalogue_losses":
        sizes = {"items": 100, "batch": 2, "length": 3, "dim": 4, "negatives": 5}
        cases = [{**sizes, "loss": loss} for loss in catalogue_losses.LOSSES.values()]
    elif module == "keras_paths":
        arguments = argparse.Namespace(batch=8, steps=[2])
        cases = [peer.case for peer in fit_overhead.peers_of(arguments, jit=False, prefetch=True)]
    else:
        cases = [peer.case for peer in train_step.peers_of(100, 8) if peer.library == "keras"]
        cases = list({case["optimizer"]: case for case in cases if not case.get("jit")}.values())
    with Worker(sys.executable, f"benchmarks.peers.{module}") as worker:
        for number, case in enumerate(cases):
            worker.ask("setup", id=number, case=case)
            seconds = worker.ask("time", id=number, steps=case.get("steps_per_execution", 1))
            assert 0 < seconds["seconds"] < 60


def test_time_to_quality_ndcg_of_one_true_item():
    from benchmarks.time_to_quality import ndcg

    users, items = np.array(["a", "b", "c"]), np.array([["x", "y"], ["y", "x"], ["y", "z"]])
    # Rank 1, rank 2, not found, and no answer.
    truth = {"a": "x", "b": "x", "c": "x", "d": "x"}
    assert ndcg(users, items, truth) == pytest.approx((1 + 1 / np.log2(3)) / 4)


def test_time_to_quality_reports_minutes_until_the_target():
    from benchmarks.__main__ import make_parser
    from benchmarks.time_to_quality import OURS, RIVAL, measure

    nowhere = ["--rectools-python", "/nowhere"]
    arguments = make_parser().parse_args(["time_to_quality", "--quick", *nowhere])
    (table,) = measure(arguments, lambda line: None).tables
    assert table.row(OURS).samples[0] < 5 and "NDCG@10" in table.row(OURS).note
    assert table.row(RIVAL).note.startswith("not installed")


def test_the_widest_user_is_measured_with_and_without(monkeypatch):
    from benchmarks import widest
    from benchmarks.__main__ import make_parser

    def run(case):
        if case.get("zipf"):
            return "killed by the system: out of memory"
        events = case["widest"]
        return [1.0, 2.0, 3.0, 4.0 + (events > 0)], 1.5 if events else 1.0

    monkeypatch.setattr(widest, "run", run)
    arguments = make_parser().parse_args(["widest", "--models", "Markov"])
    report = arguments.measure(arguments, lambda line: None)
    time, memory, zipf, _ = report.tables
    assert [row.name for row in time.rows] == ["without", "with the user"]
    assert time.rows[1].note == "adapt 1, fit 2, evaluate 3, export 5"
    assert [row.median for row in memory.rows] == [1.0, 1.5] and "killed" in zipf.rows[0].note
    measured = [(bar.value, bar.kept) for bar in report.bars]
    assert measured == [(1.1, True), (1.5, False), (None, None)]


def test_the_widest_user_adds_one_user_to_the_same_table():
    from benchmarks.peers.widest_user import make_table

    case = {"users": 30, "events": 4, "items": 20}
    without, both = (make_table({**case, "widest": widest}) for widest in (0, 500))
    assert without.user_counts()[2:].tolist() == [4] * 30 + [0]
    assert both.user_counts()[2:].tolist() == [4] * 30 + [500]
    zipf = make_table({"zipf": 1.2, "rows": 9000, "users": 50, "items": 50})
    # The share of the first rank is 1 / zeta(1.2) = .179; the modulo adds little.
    assert len(zipf) == 9000 and 0.16 < zipf.user_counts().max() / 9000 < 0.25


def test_the_parts_of_a_run_beside_the_widest_user():
    from benchmarks.peers.widest_user import PARTS, setup

    sizes = {"users": 30, "events": 4, "items": 20, "widest": 300, "steps": 1}
    run = setup({**sizes, "model": "MatrixFactorization", "arguments": {"dim": 4}})
    assert all(run(PARTS.index(part)) >= 0 for part in ("adapt", "fit", "evaluate"))
