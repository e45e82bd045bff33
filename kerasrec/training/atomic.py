"""Files that are there whole or not at all."""

import contextlib
import os
import pathlib

from kerasrec.errors import InputError


@contextlib.contextmanager
def replacing(path):
    """A path to write to, which takes the place of `path` when the block ends without an error.

    Raises:
        InputError: if the disk is full or cannot be written; what was at `path` is still there.

    >>> import tempfile
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> with replacing(target) as partial:
    ...     _ = partial.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path = pathlib.Path(path)
    # The suffix stays: some writers choose the format by it, or append it.
    partial = path.with_name(f".partial-{path.name}")
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def cannot_write(path, error):
    """The `InputError` for an `OSError` while writing `path`."""
    reason = error.strerror or str(error)
    kept = f"; the earlier {path.name} is kept" if path.exists() else ""
    return InputError(f"{path}: cannot be written: {reason}{kept}")
