"""Reads ids, titles and metadata of an export for the page."""

import json
import pathlib
import threading

from kerasrec.serving.id_search import IdSearch


class PageExport:
    """Searchable items and users of an export, and its `kerasrec.json`.

    Args:
        directory: Folder of a version. A file that is missing in its `assets.extra` counts as
            empty.

    Attributes:
        items, users: `IdSearch`.
        about: The `kerasrec.json`, a dict.
    """

    def __init__(self, directory):
        folder = pathlib.Path(directory) / "assets.extra"
        self.items = IdSearch(_read(folder / "items.json", []), _read(folder / "titles.json", None))
        self.users = IdSearch(_read(folder / "users.json", []))
        self.about = _read(folder / "kerasrec.json", {})


class PageExports:
    """The `PageExport` of each model's served version, read at its first use.

    Args:
        models: A `Models`.
    """

    def __init__(self, models):
        self._models = models
        self._lock = threading.Lock()
        self._read = {}

    def names(self):
        """Names of the models."""
        return sorted(self._models.names())

    def get(self, name):
        """Returns `(version number, PageExport)`.

        Raises:
            Refusal: if the model is not served.
        """
        with self._lock, self._models.current(name) as version:
            if self._read.get(name, (None,))[0] != version.number:
                self._read[name] = version.number, PageExport(version.folder)
            return self._read[name]


def _read(path, default):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return default
