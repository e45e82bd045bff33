"""Version numbers: claimed once, found, and removed when they are old."""

import pathlib
import threading

import pytest

from kerasrec.errors import InputError
from kerasrec.savedmodel.versions import find_version, new_version, versions


def made(folder, number=None, keep=None):
    with new_version(folder, number, keep) as path:
        path.mkdir()
        (path / "saved_model.pb").write_text("")
    return int(path.name)


def test_numbers_increase_and_the_newest_is_found(tmp_path):
    assert [made(tmp_path / "m") for _ in range(3)] == [1, 2, 3]
    assert made(tmp_path / "m", number=9) == 9
    assert find_version(tmp_path / "m") == tmp_path / "m" / "9"
    assert find_version(tmp_path / "m" / "2") == tmp_path / "m" / "2"


def test_a_number_is_not_reused(tmp_path):
    assert [made(tmp_path) for _ in range(2)] == [1, 2]
    (tmp_path / "2" / "saved_model.pb").unlink()
    (tmp_path / "2").rmdir()
    assert made(tmp_path) == 3
    for number in (1, 2, 3):
        with pytest.raises(InputError, match="the next one is 4"):
            made(tmp_path, number)


def test_a_failed_export_uses_up_its_number(tmp_path):
    with pytest.raises(RuntimeError), new_version(tmp_path):
        raise RuntimeError("the disk is gone")
    assert versions(tmp_path) == []
    assert made(tmp_path) == 2


def test_a_number_may_have_leading_zeros(tmp_path):
    (tmp_path / "2").mkdir()
    (tmp_path / "007").mkdir()
    assert find_version(tmp_path) == tmp_path / "007"
    with new_version(tmp_path, keep=1) as path:
        path.mkdir()
    assert path.name == "8" and versions(tmp_path) == [8]


def test_the_newest_are_kept(tmp_path):
    for _ in range(5):
        made(tmp_path, keep=2)
    assert versions(tmp_path) == [4, 5]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".removed")]
    with pytest.raises(InputError, match="keep must be at least 1: got 0"):
        made(tmp_path, keep=0)


def test_old_versions_stay_when_the_new_one_fails(tmp_path):
    made(tmp_path)
    with pytest.raises(KeyboardInterrupt), new_version(tmp_path, keep=1):
        raise KeyboardInterrupt
    assert versions(tmp_path) == [1]


def test_only_names_of_digits_are_versions(tmp_path):
    for name in ("7", "8.tmp", ".partial-9", "latest", "²", "9" * 20, "9" * 200):
        (tmp_path / name).mkdir()
    assert versions(tmp_path) == [7]
    (tmp_path / "10").write_text("a file")
    assert versions(tmp_path) == [7]


def test_numbers_above_int64_are_refused(tmp_path):
    largest = (1 << 63) - 1
    for claim in ("latest", "9" * 20):
        (tmp_path / f".version-{claim}").touch()
    assert made(tmp_path) == 1
    with pytest.raises(InputError, match="9223372036854775808 is above 9223372036854775807"):
        made(tmp_path, largest + 1)
    assert made(tmp_path, largest) == largest
    with pytest.raises(InputError, match="is above 9223372036854775807"):
        made(tmp_path)


def test_concurrent_exports_get_different_numbers(tmp_path):
    found, start = [], threading.Barrier(8)

    def one():
        start.wait(10)
        found.append(made(tmp_path))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(found) == list(range(1, 9))


def test_a_claim_stays_while_another_export_is_slow(tmp_path, monkeypatch):
    touch, between = pathlib.Path.touch, iter([None])

    def slow_touch(path, **options):
        # Two other exports finish after this one listed the numbers and before it claims one.
        for _ in between:
            assert [made(tmp_path), made(tmp_path)] == [1, 2]
        touch(path, **options)

    monkeypatch.setattr(pathlib.Path, "touch", slow_touch)
    assert made(tmp_path) == 3


def test_two_exports_remove_the_same_old_version(tmp_path, monkeypatch):
    assert [made(tmp_path) for _ in range(3)] == [1, 2, 3]
    rename, between = pathlib.Path.rename, iter([None])

    def slow_rename(path, target):
        for _ in between:
            assert made(tmp_path, keep=1) == 5
        return rename(path, target)

    monkeypatch.setattr(pathlib.Path, "rename", slow_rename)
    assert made(tmp_path, keep=1) == 4
    assert versions(tmp_path) == [5]


def test_a_folder_without_an_export_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no export"):
        find_version(tmp_path)
    with pytest.raises(InputError, match="holds no export"):
        find_version(tmp_path / "nowhere")
