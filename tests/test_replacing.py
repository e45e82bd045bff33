import errno
import pathlib

import pytest

from kerasrec.errors import InputError
from kerasrec.replacing import replacing


def test_what_is_written_takes_the_place(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("old")
    with replacing(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("earlier", [True, False])
def test_a_full_disk_changes_nothing(tmp_path, earlier):
    target = tmp_path / "a.json"
    if earlier:
        target.write_text("old")
    with pytest.raises(InputError, match="a.json: cannot be written: No space left") as error:
        with replacing(target) as partial:
            partial.write_text("ne")
            raise OSError(errno.ENOSPC, "No space left on device")
    assert ("is kept" in str(error.value)) == earlier
    assert [path.name for path in tmp_path.iterdir()] == (["a.json"] if earlier else [])


def test_other_errors_pass_and_leave_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a") as partial:
        partial.write_text("half")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_a_folder_takes_the_place_of_a_folder(tmp_path):
    target = tmp_path / "a"
    for content in ("old", "new"):
        with replacing(target) as partial:
            partial.mkdir()
            (partial / content).write_text(content)
    assert [path.name for path in target.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_cannot_be_moved_leaves_the_earlier_one(tmp_path, monkeypatch):
    target = tmp_path / "a"
    target.mkdir()
    (target / "old").write_text("old")
    rename = pathlib.Path.rename

    def fails_for_the_new_one(self, to):
        if self.name.startswith(".partial"):
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, to)

    monkeypatch.setattr(pathlib.Path, "rename", fails_for_the_new_one)
    with pytest.raises(InputError, match="the earlier a is kept"), replacing(target) as partial:
        partial.mkdir()
    assert [path.name for path in target.iterdir()] == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
