import os
import shutil
import signal
import subprocess
import sys

import pytest

from kerasrec.errors import InputError
from kerasrec.files import folder_lock
from kerasrec.files.folder_lock import FolderLock, is_unused

HOLD = """
import sys
from kerasrec.files.folder_lock import FolderLock
lock = FolderLock(sys.argv[1])
lock.take()
print("held", flush=True)
sys.stdin.read()
"""


def test_the_lock_of_a_killed_process_is_free_and_that_of_a_living_one_is_not(tmp_path):
    folder, copy = tmp_path / "run", tmp_path / "copy"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=f"run is in use by process {other.pid}$"):
            FolderLock(folder).take()
        shutil.copytree(folder, copy)
        with FolderLock(copy):
            assert (copy / ".lock").read_text() == str(os.getpid())
        other.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        other.wait()
        assert (folder / ".lock").exists()
        with FolderLock(folder) as lock:
            assert lock.held and (folder / ".lock").read_text() == str(os.getpid())
    assert not list(folder.iterdir()) and not list(copy.iterdir())


def test_a_lock_is_taken_again_when_its_file_went_with_the_one_before(tmp_path, monkeypatch):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.take()
    locked, calls = folder_lock._locked, []

    def released_in_between(file):
        if not calls:
            first.release()
        calls.append(file)
        return locked(file)

    monkeypatch.setattr("kerasrec.files.folder_lock._locked", released_in_between)
    second.take()
    assert len(calls) == 2
    monkeypatch.undo()
    with pytest.raises(InputError):
        FolderLock(tmp_path).take()
    second.release()
    second.release()


def test_what_counts_as_something(tmp_path):
    folder = tmp_path / "run"
    assert is_unused(folder)
    (folder / ".writing-config.yaml").mkdir(parents=True)
    (folder / ".lock").write_text("1")
    assert is_unused(folder)
    (folder / "a.png").write_text("")
    assert not is_unused(folder) and is_unused(folder, ignored=["a.png"])
    assert not is_unused(folder / "a.png")
