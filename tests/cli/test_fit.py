import errno
import json

import pytest

import kerasrec.training.fit  # noqa: F401  before its callbacks are replaced by name

pytestmark = pytest.mark.slow


def interrupt(self, epoch, logs=None):
    if epoch == 1:
        raise KeyboardInterrupt


def test_tables_for_people(kerasrec, table):
    status, out, error = kerasrec("fit", "run.yaml", "train.epochs=1", "--run-dir", "out")
    assert status == 0
    assert "72 rows read" in out and "ndcg@10" in out and "Popularity" in out
    assert "Run folder: out" in out
    # The last sentence is a verdict: an epoch is less than a count.
    assert "MatrixFactorization, 28 % below Popularity" in out.partition("Run folder: out")[2]
    measured = json.loads((table / "out" / "metrics.json").read_text())["rows"]
    card = (table / "out" / "checkpoint" / "README.md").read_text(encoding="utf-8")
    assert "- clicks, split by next-item.\n- 72 rows read" in card
    assert "Seed 0. Epoch 1 of 1 is here." in card
    assert "| metric | MatrixFactorization | 95 % interval | Popularity |" in card
    found, popular = (row["metrics"]["ndcg@10"] for row in measured)
    interval = f"{found['low']:.4f} to {found['high']:.4f}"
    line = f"| ndcg@10 | {found['mean']:.4f} | {interval} | {popular['mean']:.4f} |"
    assert line in card


def test_changes_may_stand_anywhere(kerasrec, table):
    whole = ["fit", "train.epochs=1", "--run-dir", "out", "--json", "evaluate.ks=[5, 6]"]
    status, found, error = kerasrec(whole[0], "run.yaml", *whole[1:], "train.monitor=ndcg@6")
    assert status == 0, error
    assert found["epochs"] == 1 and "ndcg@6" in found["rows"][0]["metrics"]


@pytest.mark.parametrize("more", [["--rum-dir=a"], ["--resume", "epochs"], ["--json", "a=1", "-q"]])
def test_unknown_arguments_are_refused(kerasrec, table, more, capsys):
    with pytest.raises(SystemExit) as stopped:
        kerasrec("fit", "run.yaml", *more)
    assert stopped.value.code == 2 and "unrecognized arguments: " in capsys.readouterr().err


def test_json_for_machines(kerasrec, table):
    status, found, _ = kerasrec("fit", "run.yaml", "name=a", "--json")
    assert status == 0
    assert found["run"] == "runs/clicks-matrixfactorization-a"
    assert found["rows"] == json.loads((table / found["run"] / "metrics.json").read_text())["rows"]


def test_ctrl_c_keeps_the_best_epoch_and_the_run_can_be_resumed(kerasrec, table, monkeypatch):
    whole = kerasrec("fit", "run.yaml", "--run-dir", "whole", "--json")[1]
    with monkeypatch.context() as patch:
        patch.setattr("kerasrec.models.FiniteLoss.on_epoch_begin", interrupt)
        status, out, error = kerasrec("fit", "run.yaml")
    assert status == 130
    assert "the best checkpoint so far is runs/clicks-matrixfactorization-" in error
    assert "kerasrec fit run.yaml --resume" in error
    status, found, _ = kerasrec("fit", "run.yaml", "--resume", "--json")
    assert status == 0
    assert [row["metrics"] for row in found["rows"]] == [row["metrics"] for row in whole["rows"]]
    status, _, error = kerasrec("fit", "run.yaml", "--resume")
    assert status == 2 and "nothing to resume" in error


def test_ctrl_c_while_reading_writes_nothing(kerasrec, table, monkeypatch):
    def stop(*arguments, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr("kerasrec.data.Interactions.from_csv", stop)
    status, _, error = kerasrec("fit", "run.yaml")
    assert status == 130 and "nothing was written" in error
    assert not (table / "runs").exists()


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["train.epoch=3"], "did you mean epochs?"),
        (["model.dmi=3"], "did you mean dim?"),
        (["--run-dir", "books.csv"], "books.csv exists already"),
        (["init_from=gone"], "gone does not exist"),
        (["train.optimizer={class: sgd, learning_rate: 1e30}"], "the loss became"),
    ],
)
def test_what_is_wrong_is_named_without_a_traceback(kerasrec, table, arguments, words):
    status, out, error = kerasrec("fit", "run.yaml", *arguments, "--json")
    assert status == 2 and out is None
    assert words in error and "Traceback" not in error


def test_a_missing_id_is_named_with_its_row(kerasrec, table):
    lines = (table / "clicks.csv").read_text().splitlines()
    lines[4] = "u3,"
    (table / "clicks.csv").write_text("\n".join(lines))
    status, out, error = kerasrec("fit", "run.yaml")
    assert status == 2
    assert "clicks.csv, row 5, column 'item': the item is missing" in error
    assert not (table / "runs").exists()


def test_a_full_disk_is_named(kerasrec, table, monkeypatch):
    def full(*arguments, **named):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("keras.Model.save_weights", full)
    status, _, error = kerasrec("fit", "run.yaml", "--run-dir", "out")
    assert status == 2 and "checkpoint: cannot be written: No space left on device" in error
    assert not (table / "out" / "checkpoint").exists()


def test_init_from_takes_a_class_from_outside_that_is_trusted(kerasrec, table, monkeypatch):
    (table / "ours.py").write_text(
        "from kerasrec_zoo import MatrixFactorization\nclass Ours(MatrixFactorization): pass\n"
    )
    monkeypatch.syspath_prepend(table)
    changes = ["model={class: ours.Ours, dim: 4}", "train.epochs=1", "evaluate.baselines=[]"]
    status, _, error = kerasrec("fit", "run.yaml", *changes, "--run-dir", "old")
    assert status == 2 and "trust=true" in error
    changes += ["model.trust=true"]
    status, _, error = kerasrec("fit", "run.yaml", *changes, "--run-dir", "old", "--json")
    assert status == 0, error
    changes += ["init_from=old", "train.seed=1"]
    status, found, error = kerasrec("fit", "run.yaml", *changes, "--run-dir", "new", "--json")
    assert status == 0, error
    assert found["model_class"] == "ours.Ours"
