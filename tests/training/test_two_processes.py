"""Of two processes that write to one folder, the second ends with a sentence."""

import os

import pytest

from kerasrec.cli import main
from kerasrec.config import load_config
from kerasrec.errors import InputError
from kerasrec.files.folder_lock import FolderLock
from kerasrec.training import run
from kerasrec.training.read_data import read_split

CONFIG = """\
data: {path: clicks.csv, history_length: 3}
model: {class: ItemKNN}
train: {monitor: ndcg@3}
evaluate: {ks: [3], baselines: []}
tune: {trials: 2, parameters: {model.shrinkage: [1.0, 2.0]}}
"""


@pytest.fixture
def here(write_run):
    return write_run(CONFIG)


def contents(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize(
    "command,resume",
    [
        (["fit", "run.yaml", "--run-dir", "out"], ["--resume"]),
        (["tune", "run.yaml", "--run-dir", "out"], ["--resume"]),
        (["compare", "run.yaml", "--out", "out"], None),
    ],
)
def test_the_second_of_two_is_refused_with_the_id_of_the_first(here, capsys, command, resume):
    used = f"out is in use by process {os.getpid()}"
    # The first has just begun, and the second does as well.
    with FolderLock("out"):
        assert main(command) == 2
        assert used in capsys.readouterr().err
        assert [path.name for path in (here / "out").iterdir()] == [".lock"]
    assert main(command) == 0
    if resume:
        with FolderLock("out"):
            before = contents(here / "out")
            capsys.readouterr()
            assert main([*command, *resume]) == 2
            assert used in capsys.readouterr().err and contents(here / "out") == before
        assert main([*command, *resume]) == 0
    else:
        assert main(command) == 2
        assert "out exists already: choose another folder" in capsys.readouterr().err
    assert not [path for path in (here / "out").iterdir() if path.name.startswith(".")]


def test_a_folder_that_another_run_took_meanwhile_is_not_overwritten(here):
    def reads(config, base):
        (here / "out").mkdir()
        (here / "out" / "config.yaml").write_text("another's")
        return read_split(config, base)

    with pytest.raises(InputError, match="out exists already"):
        run(load_config("run.yaml"), "out", say=str, progress=False, read=reads)
    assert [path.name for path in (here / "out").iterdir()] == ["config.yaml"]
    assert (here / "out" / "config.yaml").read_text() == "another's"
