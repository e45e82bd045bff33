import re
import subprocess

import pytest

from kerasrec.training.runs.commit import code_commit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def checkout(tmp_path):
    """The least that git takes for a repository."""
    git = tmp_path / ".git"
    for name in ("objects", "refs/heads"):
        (git / name).mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "refs/heads/main").write_text(COMMIT + "\n")
    return tmp_path


def test_the_commit_of_a_checkout(checkout, monkeypatch):
    # As in a hook, which runs with another repository's variables.
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert code_commit(checkout) == COMMIT


def git(root, *arguments):
    named = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *named, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def committed(tmp_path):
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "a.py").write_text("one")
    (tmp_path / "notes.txt").write_text("one")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


@pytest.mark.parametrize(
    "name,dirty", [("zoo/a.py", True), ("zoo/new.py", True), ("notes.txt", False)]
)
def test_code_that_is_not_in_the_commit_is_dirty(committed, name, dirty):
    clean = code_commit(committed)
    assert re.fullmatch("[0-9a-f]{40}", clean)
    (committed / name).write_text("two")
    assert code_commit(committed) == (f"{clean}-dirty" if dirty else clean)


def test_a_linked_worktree_has_its_own_commit(committed):
    git(committed, "worktree", "add", "-q", "other")
    assert code_commit(committed / "other") == code_commit(committed)
    (committed / "other" / "zoo" / "a.py").write_text("two")
    assert code_commit(committed / "other").endswith("-dirty")
    assert not code_commit(committed).endswith("-dirty")


def test_an_installed_package_has_none(checkout):
    # Even within somebody's checkout.
    inside = checkout / "venv" / "site-packages"
    inside.mkdir(parents=True)
    assert code_commit(inside) is None


def test_a_checkout_without_commits_or_damaged_has_none(checkout):
    (checkout / ".git/refs/heads/main").unlink()
    assert code_commit(checkout) is None
    (checkout / ".git/HEAD").write_text("nonsense")
    assert code_commit(checkout) is None


def stuck(*arguments, **named):
    raise subprocess.TimeoutExpired("git", 10)


def test_without_git_or_with_one_that_hangs_there_is_none(checkout, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(checkout))
        assert code_commit(checkout) is None
    monkeypatch.setattr(subprocess, "run", stuck)
    assert code_commit(checkout) is None
