"""The file that a search writes its trials to."""

import os
import pathlib

from kerasrec.errors import InputError


class JournalError(InputError):
    """The journal cannot be written, so that no trial can go on."""


class Journal:
    """Optuna's journal with whole lines only, for one process.

    A kill or a full disk may leave half a line, behind which Optuna would write the next one and
    then read neither. Optuna's own lock is left out, for the search folder has one: a process that
    was killed would keep it for half a minute.

    Args:
        optuna: The module.
        path: Of the file.
    """

    def __init__(self, optuna, path):
        self._path = pathlib.Path(path)
        self._file = optuna.storages.journal.JournalFileBackend(str(path), lock_obj=_NoLock())

    def read_logs(self, log_number_from):
        """What Optuna asks for: the entries from a number on."""
        return self._file.read_logs(log_number_from)

    def append_logs(self, logs):
        """What Optuna asks for: more entries.

        Raises:
            JournalError: if the disk is full or cannot be written.
        """
        try:
            self._cut_half_line()
            self._file.append_logs(logs)
        except OSError as error:
            raise JournalError(
                f"{self._path}: cannot be written: {error.strerror}; the finished trials are kept, "
                "go on with --resume"
            ) from error

    def _cut_half_line(self):
        with open(self._path, "r+b") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 1))
            if file.read(1) in (b"", b"\n"):
                return
            file.seek(0)
            whole = sum(len(line) for line in file if line.endswith(b"\n"))
            file.truncate(whole)


class _NoLock:
    def acquire(self):
        return True

    def release(self):
        pass
