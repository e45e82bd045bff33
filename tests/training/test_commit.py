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
