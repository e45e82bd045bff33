"""Several versions of a model at once, each for its share of the people."""

import contextlib

import numpy as np

from kerasrec.errors import InputError
from kerasrec.serving.models import Models
from kerasrec.serving.refusal import Refusal, invalid
from kerasrec.serving.version_shares import VersionShares


class SharedModels:
    """As `Models`, for a fixed set of versions; `version_of` says which one answers a request.

    Args:
        folder: Folder of the model, with a subfolder for each version.
        shares: dict `label:number` or `number`, as text, to a share.
        name, limits, batching, say, trust: As for `Models`.

    Attributes:
        folder, name: As of `Models`.
        labels: dict label -> version number, as TF Serving's `version_labels`.

    Raises:
        InputError: for a share whose name is not a version number.

    Example:

        models = SharedModels(folder, {"stable:3": 90, "canary:4": 10}, limits=Limits())
        with models.current(models.name, models.version_of({"user": [b"ann"]}, "r-17")) as version:
            ...
    """

    def __init__(self, folder, shares, name=None, **options):
        self.labels, numbers = {}, {}
        for text, share in shares.items():
            label, _, digits = str(text).rpartition(":")
            if not digits.isdecimal() or int(digits) in numbers or label in self.labels:
                raise InputError(
                    f"--versions: expected numbers of versions, each once and with or without a "
                    f"label, such as stable:3=90,canary:4=10: got {text!r}"
                )
            numbers[int(digits)] = share
            if label:
                self.labels[label] = int(digits)
        self._shares = VersionShares(numbers, options.pop("salt", ""))
        self._models = {
            number: Models(folder, name, number, **options) for number in self._shares.shares
        }
        # What is asked without a user or a number: the page, and metadata.
        self._first = max(self._shares.shares, key=self._shares.shares.get)
        self.folder, self.name = self._of(self._first).folder, self._of(self._first).name

    def version_of(self, inputs, request):
        """The number of the version that answers a request, by its user, else by its id.

        Raises:
            Refusal: if its rows are of users of different versions.
        """
        users = np.asarray(inputs.get("user", [b""])).ravel().tolist()
        found = set()
        for user in users:
            person = user.decode(errors="replace") if isinstance(user, bytes) else user
            found.add(self._shares.version_of(person.strip() or f"request:{request}"))
        if len(found) > 1:
            raise invalid(
                "The rows of this request are of users of different versions: send one request for "
                f"each user, or name a version in the path, such as /versions/{self._first}."
            )
        return found.pop() if found else self._first

    def names(self):
        """The name, once all versions are served."""
        return [] if self.missing() else [self.name]

    def missing(self):
        """The numbers of the versions that are not served."""
        return [number for number, one in self._models.items() if not one.names()]

    @contextlib.contextmanager
    def current(self, name, number=None):
        """As `Models.current`; None for the version with the largest share."""
        with self._of(number).current(name, number) as version:
            yield version

    def versions(self, name, number=None):
        """As `Models.versions`."""
        if number is not None:
            return self._of(number).versions(name, number)
        found = []
        for one in self._models.values():
            with contextlib.suppress(Refusal):
                found += one.versions(name)
        if not found:
            raise Refusal("NOT_FOUND", f"Could not find any versions of model {name}")
        return sorted(found, key=lambda version: -version.number)

    def poll(self):
        """As `Models.poll`."""
        for one in self._models.values():
            one.poll()

    def report(self, line):
        """As `Models.report`."""
        self._of(None).report(line)

    def close(self):
        """As `Models.close`."""
        for one in self._models.values():
            one.close()

    def _of(self, number):
        # The first one refuses a number that is not served.
        return self._models.get(number, self._models[self._first])
