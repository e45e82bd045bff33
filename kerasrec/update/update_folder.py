"""The folder `updates` inside the folder of a model: what its versions were trained on."""

import dataclasses
import json
import pathlib

from kerasrec.errors import InputError
from kerasrec.files.folder_lock import FolderLock
from kerasrec.files.replacing import replacing
from kerasrec.files.saved_json import read_json
from kerasrec.savedmodel.versions import versions

NAME = "updates"
STATES = ("started", "fitted", "exported", "judged", "promoted", "refused", "rolled back")
OPEN = STATES[:4]  # a killed update that is in one of these goes on


@dataclasses.dataclass(frozen=True)
class Trained:
    """What a version was trained on: the events of the first `parts` parts before `until`.

    Args:
        run: Run folder of the version.
        parts: Number of parts of the table.
        until: Unix seconds; None for all of them.
    """

    run: pathlib.Path
    parts: int
    until: float | None


class UpdateFolder:
    """Paths and small files of the updates of one model.

        start.json           the first version and its run
        table/               interactions: part 0 is the data of the first run, part n the nth read
        table.json           number of parts, and the cursor of the events behind the last one
        7/update.json        one update: its version, state, and what it is trained on
        7/rows.parquet, 7/run/, 7/export/, 7/judgement.json

    A server reads the folders named by numbers next to `updates` and nothing in it.

    Args:
        folder: The folder of the model, with its versions.
    """

    def __init__(self, folder):
        self.model = pathlib.Path(folder)
        self.path = self.model / NAME
        self.table = self.path / "table"
        self.lock = FolderLock(self.path)

    def serving(self):
        """The number of the newest version, which a server serves.

        Raises:
            InputError: if there is none.
        """
        found = versions(self.model)
        if not found:
            raise InputError(f"{self.model} holds no version: `kerasrec export` writes the first")
        return found[-1]

    def of(self, number):
        """The folder of the update that made a version."""
        return self.path / str(number)

    def trained(self, number):
        """`Trained` of a version, None where it is not known."""
        record = self.read(number)
        if record:
            return Trained(self.of(number) / "run", record["parts"], record["until"])
        start = self._read("start.json")
        if start and start["version"] == number:
            return Trained(pathlib.Path(start["run"]), 1, None)
        return None

    def start(self, number, run):
        """Remembers the run of the first version, or of one that was not made by an update."""
        record = {"version": number, "run": str(pathlib.Path(run).resolve())}
        self.write(self.path / "start.json", record)

    def read(self, number):
        """The record of an update, None without one."""
        return self._read(f"{number}/update.json")

    def write_update(self, record):
        """Writes the record of an update; each step of it ends with this."""
        self.of(record["version"]).mkdir(parents=True, exist_ok=True)
        self.write(self.of(record["version"]) / "update.json", record)

    def unfinished(self):
        """The record of the update that was killed, None without one."""
        numbers = (int(path.parent.name) for path in self.path.glob("*/update.json"))
        records = (self.read(number) for number in sorted(numbers, reverse=True))
        return next((record for record in records if record["state"] in OPEN), None)

    def parts(self):
        """`{"parts", "cursor"}` of the table."""
        return self._read("table.json") or {"parts": 0, "cursor": 0}

    def part(self, number):
        """The file of a part of the table."""
        return self.table / f"part-{number:05d}.parquet"

    def start_table(self, frame):
        """Makes the table anew, of the data of a run; all events are then read again."""
        self.write(self.path / "table.json", {"parts": 0, "cursor": 0})
        self.add_part(frame, 0)

    def add_part(self, frame, cursor):
        """Adds interactions as a part; a kill leaves the table as it was, or with all of them."""
        number = self.parts()["parts"]
        self.table.mkdir(parents=True, exist_ok=True)
        with replacing(self.part(number)) as partial:
            frame.to_parquet(partial, index=False)
        self.write(self.path / "table.json", {"parts": number + 1, "cursor": cursor})

    def write(self, path, value):
        """Writes a JSON file whole or not at all."""
        with replacing(path) as partial:
            partial.write_text(json.dumps(value, indent=2, allow_nan=False), encoding="utf-8")

    def _read(self, name):
        path = self.path / name
        return read_json(path) if path.exists() else None
