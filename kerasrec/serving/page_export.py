"""What the page shows of an export beside its answers."""

import json
import pathlib
import threading

from kerasrec.serving.id_search import IdSearch


class PageExport:
    """Items and users one can search for, and what `kerasrec.json` says.

    Args:
        directory: Folder of a version. What its `assets.extra` lacks is empty.

    Attributes:
        items, users: `IdSearch`.
        about: A dict.
    """

    def __init__(self, directory):
        folder = pathlib.Path(directory) / "assets.extra"
        self.items = IdSearch(_read(folder / "items.json", []), _read(folder / "titles.json", None))
        self.users = IdSearch(_read(folder / "users.json", []))
        self.about = _read(folder / "kerasrec.json", {})


class PageExports:
    """The export of each model's newest version, read when somebody first asks for it.

    Args:
        models: `Models`: `names()`, and `current(name)`, inside of which a version stays.
    """

    def __init__(self, models):
        self._models = models
        self._lock = threading.Lock()
        self._read = {}

    def names(self):
        """Names of the models."""
        return sorted(self._models.names())

    def get(self, name):
        """`(number of the version, PageExport)`.

        Raises:
            Refusal: for a name that is not served.
        """
        with self._lock, self._models.current(name) as version:
            if self._read.get(name, (None,))[0] != version.number:
                self._read[name] = version.number, PageExport(version.folder)
            return self._read[name]


def _read(path, otherwise):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return otherwise
