"""The file in which a search records its trials."""

import os
import pathlib

from kerasrec.errors import InputError


class JournalError(InputError):
    """The journal cannot be written, so the search cannot continue."""


class Journal:
    """Optuna's journal file, for one process, without incomplete lines.

    A kill or a full disk may leave half a line. Optuna would append the next line to it and then
    read neither, so the half line is removed first. Optuna's own lock is not used: a killed process
    would keep it for half a minute, and the search folder has a lock already.

    Args:
        optuna: The module.
        path: Of the file.
    """

    def __init__(self, optuna, path):
        self._path = pathlib.Path(path)
        self._file = optuna.storages.journal.JournalFileBackend(str(path), lock_obj=_NoLock())

    def read_logs(self, log_number_from):
        """Called by Optuna to read the entries from a number on."""
        return self._file.read_logs(log_number_from)

    def append_logs(self, logs):
        """Called by Optuna to append entries.

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
