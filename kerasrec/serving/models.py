"""Serves the newest version in a model folder that loads, and follows changes of the folder."""

import collections
import contextlib
import ctypes
import threading

from kerasrec.savedmodel.files import find_files
from kerasrec.savedmodel.versions import is_version
from kerasrec.serving.refusal import Refusal
from kerasrec.serving.version import Version

KEPT = 16  # unloaded versions that are still listed in the status


class Models:
    """The served version of a model folder, updated by `poll`.

    REST, gRPC and the page use it like this:

        name, = models.names()
        with models.current(name) as version:
            version.number, version.folder, version.signatures
            answer = version.run("recommend", {"history": [["a", "b"]]})  # name -> array, of bytes

    Inside the `with` block the version stays loaded, even if a newer one replaces it. `run` blocks,
    is thread-safe and may raise a `Refusal`.

    Args:
        folder: Folder with a subfolder for each version, named by its number. Other subfolders are
            ignored.
        name: The model's name; None for the name of the folder.
        only: The only version number to serve; None for the newest.
        limits: A `Limits`.
        batching: A `BatchingParameters`, or None.
        say: Function that is called with a line about every change; its exceptions are ignored.
        trust: Also serve a SavedModel that is not an export, see `savedmodel.check_export`.
    """

    def __init__(
        self, folder, name=None, only=None, *, limits, batching=None, say=print, trust=False
    ):
        self.folder, self.name = folder, name or folder.name
        self._only, self._limits, self._batching, self._say = only, limits, batching, say
        self._trust = trust
        self._versions, self._tried = {}, {}
        self._reported = collections.defaultdict(set)  # version number -> reported problems
        self._served = None
        self._lock, self._polling = threading.Lock(), threading.Lock()

    def names(self):
        """Names of the served models: one or none."""
        with self._lock:
            return [self.name] if self._served else []

    @contextlib.contextmanager
    def current(self, name, number=None):
        """Context manager: the served `Version`, which stays loaded inside the `with` block.

        Args:
            name: Name of the model.
            number: The version number; None for the served one.

        Raises:
            Refusal: if that model or version is not served.
        """
        with self._lock:
            version = self._served if name == self.name else None
            held = version and number in (None, version.number) and version.hold()
        if not held:
            # tensorflow_serving/core/basic_manager.cc: GetUntypedServableHandle.
            request = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise Refusal("NOT_FOUND", f"Servable not found for request: {request}")
        try:
            yield version
        finally:
            version.release()

    def versions(self, name, number=None):
        """Returns the versions of a model that are or were served, newest first, for its status.

        Raises:
            Refusal: if there are none.
        """
        with self._lock:
            known = dict(self._versions) if name == self.name else {}
        # tensorflow_serving/model_servers/get_model_status_impl.cc.
        if number is not None:
            if number not in known:
                raise Refusal("NOT_FOUND", f"Could not find version {number} of model {name}")
            return [known[number]]
        if not known:
            raise Refusal("NOT_FOUND", f"Could not find any versions of model {name}")
        return [known[key] for key in sorted(known, reverse=True)]

    def poll(self):
        """Reads the folder once: loads the newest version that loads, then unloads the old one.

        A version that failed to load is tried again after any of its files has changed.
        """
        with self._polling:
            folders = self._version_folders()
            for number in set(self._reported) - set(folders):
                del self._reported[number]
            for number in sorted(folders, reverse=True):
                if self._served and number == self._served.number:
                    return
                stamp = _stamp(folders[number])
                if self._tried.get(number) == stamp:
                    continue
                self._tried[number] = stamp
                if self._load(number, folders[number]):
                    return

    def report(self, line):
        """Passes a line to `say`; its exceptions are ignored."""
        with contextlib.suppress(Exception):
            self._say(line)

    def close(self):
        """Unloads the served version after its last request in progress."""
        with self._polling:
            self._replace(None)

    def _version_folders(self):
        """Dict of version number to folder."""
        folders = {}
        with contextlib.suppress(OSError):
            for folder in self.folder.iterdir():
                if is_version(folder.name) and folder.is_dir():
                    number = int(folder.name)
                    if self._only in (None, number):
                        folders[number] = folder
        return folders

    def _load(self, number, folder):
        version = Version(number, folder, self._limits, self._batching, self._trust)
        with self._lock:
            self._versions[number] = version
            self._forget_old()
        version.load()
        if version.state != "AVAILABLE":
            self._report_error(version)
            return False
        self._reported.pop(number, None)
        self.report(f"{self.name}: version {number} is served")
        self._replace(version)
        return True

    def _report_error(self, version):
        # During a copy the error changes with every file that arrives: report it only once.
        problem = "is not complete" if version.incomplete else f"does not load: {version.error}"
        if problem in self._reported[version.number]:
            return
        self._reported[version.number].add(problem)
        summary = "is not complete" if version.incomplete else "does not load"
        kept = f"; version {self._served.number} stays" if self._served else ""
        self.report(f"{self.name}: version {version.number} {summary}{kept}: {version.error}")

    def _replace(self, version):
        with self._lock:
            old, self._served = self._served, version
        if old:
            # If the newer version is removed, the old one is loaded again.
            self._tried.pop(old.number, None)
            old.unload()
            _release_memory()
            self.report(f"{self.name}: version {old.number} is unloaded")

    def _forget_old(self):
        ended = sorted(n for n, version in self._versions.items() if version.state == "END")
        for number in ended[:-KEPT]:
            del self._versions[number]


def _stamp(folder):
    """A value that changes with any file of a version; a copy cannot preserve `st_ctime`."""
    stamp = []
    try:
        for name, file in find_files(folder):
            stamp.append((name, file.st_size, file.st_mtime_ns, file.st_ctime_ns, file.st_ino))
    except ValueError as error:  # too many files: tried again when there are fewer
        stamp = [str(error)]
    return stamp


def _release_memory():
    """Returns freed memory to the system, if the C library has `malloc_trim`."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
