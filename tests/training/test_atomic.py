import errno

import pytest

from kerasrec.errors import InputError
from kerasrec.training.atomic import replacing


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
