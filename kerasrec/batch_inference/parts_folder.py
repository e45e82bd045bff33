"""The finished parts of an output, kept until all of them are there."""

import json
import os
import pathlib
import shutil

import pyarrow
import pyarrow.parquet

from kerasrec.batch_inference.facts import add_facts
from kerasrec.errors import InputError
from kerasrec.files.folder_lock import FolderLock, is_unused
from kerasrec.files.replacing import remove_leftovers, replacing
from kerasrec.files.saved_json import read_json

REQUEST = "request.json"
FACTS = b"kerasrec"
# What is a hash in a request, and how another one is named.
HASHED = {"model": "another model", "queries": "other users, items or histories"}


class PartsFolder:
    """A folder beside the output with the parts that are finished, and the request they answer.

    A part is written whole and then renamed, so an interrupted process leaves only whole ones, and
    the next process with the same request continues behind them. `finish` joins them into the
    output, which appears at once, and removes the folder. A context manager: one process at a time
    writes to the folder.

    Args:
        output: Path of the output; the folder has the same name and `.parts`.
        request: Dict for JSON that determines the answers.
        overwrite: Remove the parts of another request.

    Attributes:
        done: Queries answered by the parts that are there.
        facts: Sum of their facts, see `count_facts`.
        rows: Rows of the output so far.

    Raises:
        InputError: if the folder holds parts of another request, or cannot be written, or another
            process writes to it.
    """

    def __init__(self, output, request, overwrite=False):
        self.output = pathlib.Path(output)
        self.folder = parts_folder(self.output)
        self._request, self._overwrite = request, overwrite
        self._lock = FolderLock(self.folder)
        self._parts, self.done, self.rows, self.facts = [], 0, 0, {}

    def __enter__(self):
        try:
            self._lock.take()
            self._start()
        except OSError as error:
            self._leave()
            raise InputError(f"{self.folder} cannot be written: {error.strerror}") from error
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, *error):
        self._leave()

    def add(self, table, facts):
        """Writes the next part.

        Raises:
            InputError: if the disk is full; the parts before it are kept.
        """
        path = self.folder / _name(len(self._parts))
        table = table.replace_schema_metadata({FACTS: json.dumps(facts)})
        with replacing(path) as partial:
            pyarrow.parquet.write_table(table, partial)
        self._count(path, table.num_rows, facts)

    def check_room(self, count):
        """Refuses to go on if the disk is too small for `count` queries of the size of those done.

        Raises:
            InputError: with the arithmetic; the parts are kept.
        """
        written = sum(path.stat().st_size for path in self._parts)
        whole = written / self.done * count
        # All parts and the output are on the disk at the same time.
        needed, free = 2 * whole - written, shutil.disk_usage(self.folder).free
        if needed > free:
            raise InputError(
                f"{self.output}: {self.done:,} of {count:,} queries took {_mebibytes(written)}, so "
                f"all take {_mebibytes(whole)}, for a moment twice; {_mebibytes(free)} are free. "
                "Make room, and the same command continues; or ask for fewer items"
            )

    def finish(self):
        """Joins the parts into the output and removes them."""
        with replacing(self.output) as partial:
            schema = pyarrow.parquet.read_schema(self._parts[0]).remove_metadata()
            with pyarrow.parquet.ParquetWriter(partial, schema) as writer:
                for path in self._parts:
                    writer.write_table(pyarrow.parquet.read_table(path, schema=schema))
        shutil.rmtree(self.folder, ignore_errors=True)

    def _leave(self):
        held = self._lock.held
        self._lock.release()
        if held and not self._parts and is_unused(self.folder, [REQUEST]):
            shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self):
        remove_leftovers(self.folder)
        path = self.folder / REQUEST
        if path.is_file():
            changed = _changed(read_json(path), self._request)
            if changed and not self._overwrite:
                raise InputError(
                    f"{self.folder} holds finished parts of another request ({changed}). Repeat "
                    "that request to finish it, or use --overwrite (in Python overwrite=True) to "
                    "remove them and start this one"
                )
            if changed:
                for part in self.folder.glob("*.parquet"):
                    part.unlink()
        with replacing(path) as partial:
            partial.write_text(json.dumps(self._request, indent=1), encoding="utf-8")
        while (path := self.folder / _name(len(self._parts))).is_file():
            try:
                about = pyarrow.parquet.read_metadata(path)
                facts = json.loads(about.metadata[FACTS])
            except (pyarrow.ArrowException, OSError, LookupError, TypeError, ValueError):
                break  # it is written again, such as after a loss of power
            self._count(path, about.num_rows, facts)

    def _count(self, path, rows, facts):
        self._parts.append(path)
        self.facts = add_facts(self.facts, facts)
        self.done += facts["queries"]
        self.rows += rows


def parts_folder(output):
    """The folder of the parts of an output."""
    return output.with_name(f"{output.name}.parts")


def check_output(path, overwrite=False):
    """The path of an output that may be written, before anything is computed.

    Raises:
        InputError: if it exists, or its folder does not, or is not writable.
    """
    path = pathlib.Path(path)
    if path.suffix.lower() != ".parquet":
        raise InputError(f"{path}: expected a name that ends in .parquet")
    if path.is_dir():
        raise InputError(f"{path} is a folder: give the path of a file")
    if path.exists() and not overwrite:
        raise InputError(
            f"{path} exists already: give another name, or use --overwrite (in Python "
            "overwrite=True)"
        )
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; make it first")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}: the folder {path.parent} cannot be written")
    return path


def _changed(before, now):
    """What differs between two requests, in words; "" if nothing does."""
    names = [name for name in now if before.get(name) != now[name]]
    return ", ".join(
        HASHED.get(name) or f"{name} {before.get(name)!s:.40}, not {now[name]!s:.40}"
        for name in names
    )


def _mebibytes(size):
    return f"{size / 2**20:,.1f} MiB"


def _name(number):
    return f"part-{number:06d}.parquet"
