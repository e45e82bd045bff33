"""Files and folders that are there whole or not at all."""

import contextlib
import pathlib
import shutil

from kerasrec.errors import InputError


@contextlib.contextmanager
def replacing(path):
    """A path to write to, which takes the place of `path` when the block ends without an error.

    What is written may be a file or a folder. A full disk or a stopped process leaves what was at
    `path` before.

    Raises:
        InputError: if the disk is full or cannot be written.

    >>> import tempfile
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> with replacing(target) as partial:
    ...     _ = partial.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path = pathlib.Path(path)
    # The suffix stays: some writers choose the format by it, or append it.
    partial, previous = (path.with_name(f".{what}-{path.name}") for what in ("partial", "previous"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A process that was killed between the two renames has left it so.
        if previous.exists() and not path.exists():
            previous.rename(path)
        _remove(partial)
        yield partial
        _take_place(partial, path, previous)
    except OSError as error:
        reason = error.strerror or str(error)
        kept = f"; the earlier {path.name} is kept" if path.exists() else ""
        raise InputError(f"{path}: cannot be written: {reason}{kept}") from error
    finally:
        with contextlib.suppress(OSError):
            _remove(partial)
            if path.exists():
                _remove(previous)


def _take_place(partial, path, previous):
    if not path.is_dir():
        partial.replace(path)
        return
    # No system call replaces a folder that holds something.
    _remove(previous)
    try:
        path.rename(previous)
        partial.rename(path)
    except BaseException:
        # Ctrl-C as well, and it may come when a rename is just done.
        if previous.exists() and not path.exists():
            previous.rename(path)
        raise


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
