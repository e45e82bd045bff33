import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

TUNE = "tune: {trials: 3, parameters: {model.shrinkage: [0.0, 1.0, 5.0, 25.0]}}\n"


@pytest.fixture
def config(table):
    text = (table / "run.yaml").read_text()
    path = table / "knn.yaml"
    path.write_text(text.replace("MatrixFactorization, dim: 4", "ItemKNN") + TUNE)
    return path


def test_a_table_for_people_and_a_config_that_runs(kerasrec, config):
    status, out, error = kerasrec("tune", "knn.yaml", "--run-dir", "out", "train.seed=3")
    assert status == 0, error
    assert "trial 1: ndcg@10 " in out and "The best of 3 trials (3 complete)" in out
    assert "shrinkage" in out and "kerasrec fit out/tuned.yaml" in out
    assert max(map(len, out.splitlines())) <= 100
    text = (config.parent / "out" / "tuned.yaml").read_text()
    assert "#   kerasrec tune knn.yaml train.seed=3\n" in text and "seed: 3" in text
    status, found, error = kerasrec("fit", "out/tuned.yaml", "--json")
    assert status == 0, error


def test_json_and_more_trials(kerasrec, config):
    status, found, error = kerasrec("tune", "knn.yaml", "--json")
    assert status == 0, error
    values = [trial["value"] for trial in found["trials"]]
    assert found["best"]["value"] == max(values) and len(values) == 3
    assert found["tuned"] == f"{found['folder']}/tuned.yaml"
    status, more, error = kerasrec("tune", "knn.yaml", "tune.trials=9", "--resume", "--json")
    # There are four combinations, and the three before are kept.
    assert status == 0 and more["trials"][:3] == found["trials"]
    tried = {trial["values"]["model.shrinkage"] for trial in more["trials"]}
    assert tried == {0.0, 1.0, 5.0, 25.0}


def test_ctrl_c_keeps_the_trials_and_prints_how_to_resume(kerasrec, config, monkeypatch):
    import kerasrec_zoo

    adapt, times = kerasrec_zoo.ItemKNN.adapt, []

    def stop(self, train):
        times.append(1)
        if len(times) == 3:
            raise KeyboardInterrupt
        adapt(self, train)

    with monkeypatch.context() as patch:
        patch.setattr("kerasrec_zoo.ItemKNN.adapt", stop)
        status, out, error = kerasrec("tune", "knn.yaml", "tune.trials=4", "--run-dir", "out")
    assert status == 130 and "The best of 2 trials" in out
    assert "2 trials are kept" in error
    again = ["tune", "knn.yaml", "tune.trials=4", "--resume", "--run-dir", "out"]
    assert " ".join(["kerasrec", *again]) in error
    status, found, _ = kerasrec(*again, "--json")
    assert status == 0 and len(found["trials"]) == 4


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["run.yaml"], "the config has no tune node"),
        (["knn.yaml", "tune.trails=3"], "did you mean trials?"),
        (["knn.yaml", "--resume"], "nothing to resume"),
        (["knn.yaml", "--run-dir", "books.csv"], "books.csv exists already"),
        (["knn.yaml", "tune.parameters={model.shrinkag: [1]}"], "did you mean shrinkage?"),
    ],
)
def test_what_is_wrong_is_named(kerasrec, config, arguments, words):
    status, out, error = kerasrec("tune", *arguments)
    assert status == 2 and words in error and "Traceback" not in error and not out
    assert not (config.parent / "runs").exists()


def test_without_optuna(kerasrec, config, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    status, _, error = kerasrec("tune", "knn.yaml")
    assert status == 2 and 'pip install "kerasrec[tune]"' in error


def test_optuna_is_imported_for_a_search_only():
    program = (
        "import sys, pkgutil, importlib, kerasrec.cli, kerasrec.training as training\n"
        "for module in pkgutil.iter_modules(training.__path__):\n"
        "    importlib.import_module(f'kerasrec.training.{module.name}')\n"
        "print('optuna' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
