import errno
import pathlib

import pytest

from kerasrec.errors import InputError
from kerasrec.files.folder_lock import FolderLock
from kerasrec.files.replacing import remove_leftovers, replacing, surviving


def test_what_is_written_takes_the_place(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("old")
    with replacing(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_the_folder_one_is_in(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert surviving(".").samefile(tmp_path / "here")
    with replacing(".") as partial:
        partial.mkdir()
        (partial / "new").touch()
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["new"]


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


@pytest.mark.parametrize("step", ["before the first", "after the first", "after the second"])
def test_ctrl_c_around_the_renames_leaves_a_whole_folder(tmp_path, monkeypatch, step):
    target = tmp_path / "a"
    target.mkdir()
    (target / "old").write_text("old")
    rename = pathlib.Path.rename
    new = tmp_path / ".writing-a" / "a"
    at = {
        "before the first": (target, False),
        "after the first": (target, True),
        "after the second": (new, True),
    }

    def interrupted(self, to):
        moved, done = at[step]
        stops = self == moved
        if not stops or done:
            rename(self, to)
        if stops:
            raise KeyboardInterrupt

    monkeypatch.setattr(pathlib.Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), replacing(target) as partial:
        partial.mkdir()
        (partial / "new").write_text("new")
    whole = "new" if step == "after the second" else "old"
    assert [path.name for path in target.iterdir()] == [whole]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("fails", [True, False])
def test_what_a_kill_between_the_renames_has_left_is_put_back(tmp_path, fails):
    (tmp_path / ".previous-a").mkdir()
    (tmp_path / ".previous-a" / "old").write_text("old")
    (tmp_path / ".writing-a" / "a").mkdir(parents=True)
    (tmp_path / ".writing-a" / "a" / "half").write_text("half")
    assert surviving(tmp_path / "a") == tmp_path / ".previous-a"
    target = tmp_path / "a"
    try:
        with replacing(target) as partial:
            assert [path.name for path in target.iterdir()] == ["old"]
            partial.mkdir()
            (partial / "new").write_text("new")
            if fails:
                raise RuntimeError
    except RuntimeError:
        pass
    assert [path.name for path in target.iterdir()] == ["old" if fails else "new"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_a_kill_after_the_renames_has_left_is_removed(tmp_path):
    for name, content in (("a", "new"), (".previous-a", "old")):
        (tmp_path / name).mkdir()
        (tmp_path / name / content).write_text(content)
    with pytest.raises(RuntimeError), replacing(tmp_path / "a"):
        raise RuntimeError
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_cannot_be_moved_leaves_the_earlier_one(tmp_path, monkeypatch):
    target = tmp_path / "a"
    target.mkdir()
    (target / "old").write_text("old")
    rename = pathlib.Path.rename

    def fails_for_the_new_one(self, to):
        if self.parent.name == ".writing-a":
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, to)

    monkeypatch.setattr(pathlib.Path, "rename", fails_for_the_new_one)
    with pytest.raises(InputError, match="the earlier a is kept"), replacing(target) as partial:
        partial.mkdir()
    assert [path.name for path in target.iterdir()] == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_two_writers_of_one_path_do_not_touch_each_other(tmp_path):
    with replacing(tmp_path / "a") as partial:
        partial.write_text("first")
        with pytest.raises(InputError, match=r"a: another process .* by process \d+\). Wait"):
            with replacing(tmp_path / "a"):
                pass
        with replacing(tmp_path / "b") as other:
            other.write_text("other")
        remove_leftovers(tmp_path)
    assert (tmp_path / "a").read_text() == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_what_dead_writers_have_left_is_removed_and_of_the_living_nothing(tmp_path):
    for name in (".writing-1", ".writing-2", ".previous-3", ".previous-4", "4"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    (tmp_path / ".writing-1" / ".lock").write_text("99999999")
    with FolderLock(tmp_path / ".writing-2"):
        remove_leftovers(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == [".writing-2", "3", "4"]
        assert (tmp_path / ".writing-2" / "file").exists()
    assert (tmp_path / "3" / "file").read_text() == ".previous-3"
    assert (tmp_path / "4" / "file").read_text() == "4"
