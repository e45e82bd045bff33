"""Which code a run was made with."""

import pathlib
import subprocess

import kerasrec

ROOT = pathlib.Path(kerasrec.__file__).resolve().parents[1]


def code_commit(root=ROOT):
    """The git commit of the checkout that the package runs from; None where there is none.

    Args:
        root: Folder of the checkout. Its own `.git` counts and no folder's above it: an installed
            package may lie inside somebody else's checkout.
    """
    git = root / ".git"
    if not git.exists():
        return None
    try:
        done = subprocess.run(
            ["git", f"--git-dir={git}", "rev-parse", "--verify", "HEAD"],
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
