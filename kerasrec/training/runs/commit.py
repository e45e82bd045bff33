"""Which code a run was made with."""

import os
import pathlib
import subprocess

import kerasrec

ROOT = pathlib.Path(kerasrec.__file__).resolve().parents[1]
# Where a change, or a new file, is another model or another way to train it.
CODE = ("kerasrec", "zoo")


def code_commit(root=ROOT):
    """The git commit of the checkout that the package runs from; None where there is none.

    "-dirty" stands behind it where the code is not that of the commit: a file of `CODE` is changed,
    or new and not ignored.

    Args:
        root: Folder of the checkout. Its own `.git` counts and no folder's above it: an installed
            package may lie inside somebody else's checkout.
    """
    if not (root / ".git").exists():
        return None
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    return f"{commit}-dirty" if _git(root, "status", "--porcelain", "--", *CODE) else commit


def _git(root, *arguments):
    """What a git command prints, None where it fails."""
    # In a hook these variables name another repository.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "--no-optional-locks", f"--git-dir={root / '.git'}", f"--work-tree={root}"]
    try:
        done = subprocess.run(
            [*command, *arguments],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
