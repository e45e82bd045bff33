"""Recommendations of an export, by its signatures."""

import math

import numpy as np

from kerasrec.batch_inference.answer import Answer
from kerasrec.batch_inference.export_context import export_context
from kerasrec.batch_inference.export_files import export_k, read_ids, titles_of
from kerasrec.batch_inference.export_reasons import EXPLAINED, export_reasons
from kerasrec.batch_inference.export_wishes import export_wishes
from kerasrec.batch_inference.places_of import places_of
from kerasrec.data.context_values import check_names
from kerasrec.data.query_spec import REQUEST_INPUTS
from kerasrec.data.request_times import request_times
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.files.file_hash import file_hash
from kerasrec.savedmodel.metadata import METADATA


class ExportRecommendations:
    """Answers queries by the signature `recommend`, or `recommend_explained`.

    Args, attributes and errors as of `ModelRecommendations`, but:

    Args:
        path: The folder of the version.
        loaded, about: Of `open_export`.
        options: `Options`.
    """

    def __init__(self, path, loaded, about, options):
        self._path, self._loaded, self._about = path, loaded, about
        self._explains = options.explain
        self._signature = EXPLAINED if options.explain else "recommend"
        if self._signature not in loaded.signatures:
            raise InputError(
                f"--explain: the export {path} cannot explain its scores; give the run or the "
                "checkpoint"
            )
        self._probable = options.probabilities
        if self._probable and "probability" not in loaded.signatures[self._signature].outputs:
            raise InputError(f"probabilities: the scores of {path} only order items")
        self._inputs = loaded.signatures[self._signature].inputs
        self.k, self.notes = export_k(about, options.k)
        self.repeats = options.repeats or about["repeats"]
        self.item_ids = read_ids(path, "items")
        self.user_ids = read_ids(path, "users")
        # Exports of earlier commits do not say it.
        self.history_length = about.get("history_length")
        self.unknown_user = about["unknown_user"]
        # Each step of the longest history of a batch is a query of its own.
        self.wide_cost = 8 if options.explain else 1
        self._titles = titles_of(path, self.item_ids) if options.explain else {}
        self._limits = {
            "exclude": [list(options.exclude) or [""]],
            "allow": [[""] if options.allow is None else list(options.allow)],
            "k": [self.k],
            "repeats": [self.repeats],
        }
        signature = loaded.signatures[self._signature]
        self._limits |= export_wishes(path, signature, options.pin, options.boost)
        self.context = list(about.get("context", {}))
        # The export takes one row for all.
        constants = {name: [value] for name, value in options.context.items()}
        check_names(constants, self.context, str(path))
        self._limits |= export_context(about, constants)
        self._lengths = None
        if about["stored_histories"]:
            self._lengths = np.diff(loaded.variable("stored_indptr"))

    def fingerprint(self):
        """A hash of the export."""
        return file_hash(self._path / METADATA)

    def all_users(self):
        """The ids of all users of the train part."""
        return self.user_ids.to_pylist()

    def check(self, columns):
        """Refuses queries that the export cannot answer.

        Args:
            columns: Those of a `HistoryFile`; None for queries by user.
        """
        if columns is not None:
            if "history" not in self._inputs:
                raise InputError(f"{self._path} does not read a history: give users")
        elif "user" not in self._inputs:
            raise InputError(
                f"{self._path} holds no histories of users, so all users would get the same "
                "answer: export without --no-histories, or give --histories"
            )
        elif self._lengths is None and self.repeats == "mask":
            raise InputError(
                f"{self._path} holds no histories of users, so it cannot leave out what they have "
                "seen: export without --no-histories, give --histories, or --repeats allow to "
                "recommend seen items too"
            )

    def widths(self, queries):
        """Items of the history of each query."""
        if queries.histories is not None:
            return np.array([len(history) for history in queries.histories])
        if self._lengths is None:
            return np.zeros(len(queries), "int64")
        places = places_of(queries.users, self.user_ids)
        return np.where(places < 0, 0, self._lengths[places + FIRST])

    def answer(self, queries):
        """The `Answer` to some `Queries`."""
        request = dict(self._limits)
        if queries.users is not None and "user" in self._inputs:
            request["user"] = queries.users
        if queries.histories is not None:
            request |= self._steps(queries)
        elif "user" not in request:
            request["history"] = np.full((len(queries), 1), "", dtype=object)
        request |= export_context(self._about, queries.context)
        found = self._loaded.run(self._signature, request)
        places = places_of(found["item"].ravel().tolist(), self.item_ids)
        more = self._reasons(found) if self._explains else {}
        if self._probable:
            more["probability"] = found["probability"]
        return Answer(places.reshape(found["item"].shape), found["score"], more)

    def _steps(self, queries):
        columns = {"history": queries.histories, "behavior": queries.behaviors}
        if queries.timestamps is not None and "timestamp" in self._inputs:
            flat = iter(request_times(queries.timestamps)[1].tolist())
            columns["timestamp"] = [[next(flat) for _ in one] for one in queries.timestamps]
        if queries.values is not None:
            columns["value"] = [
                [math.nan if value is None else value for value in one] for one in queries.values
            ]
        return {
            name: _padded(lists, REQUEST_INPUTS[name])
            for name, lists in columns.items()
            if lists is not None and name in self._inputs
        }

    def _reasons(self, found):
        shape = found["item"].shape
        more = {}
        for place in np.ndindex(shape):
            for name, value in export_reasons(found, place, self._titles).items():
                more.setdefault(name, np.empty(shape, dtype=object))[place] = value
        return more


def _padded(lists, spec):
    """Lists as a rectangle `(n, longest)`, at least 1 wide, padded on the right."""
    width = max(1, *map(len, lists)) if lists else 1
    rows = [[*one, *[spec.default] * (width - len(one))] for one in lists]
    return np.array(rows, dtype=object if spec.dtype == "string" else spec.dtype)
