"""Similar items of an export, by its signature."""

import numpy as np

from kerasrec.batch_inference.answer import Answer
from kerasrec.batch_inference.export_files import export_k, read_ids
from kerasrec.batch_inference.places_of import places_of
from kerasrec.errors import InputError
from kerasrec.files.file_hash import file_hash
from kerasrec.savedmodel.metadata import METADATA


class ExportSimilarItems:
    """Answers queries by item with the signature `similar_items`.

    Args and errors as of `ExportRecommendations`; `repeats` and `explain` are not read.

    Attributes:
        k, item_ids, notes, wide_cost: As of `ModelRecommendations`.
    """

    wide_cost = 1

    def __init__(self, path, loaded, about, options):
        if "similar_items" not in loaded.signatures:
            raise InputError(
                f"{path} has no item vectors to compare: give --histories to recommend, with one "
                "item each"
            )
        self._path, self._loaded = path, loaded
        self.k, self.notes = export_k(about, options.k)
        self.item_ids = read_ids(path, "items")
        self._limits = {
            "exclude": [list(options.exclude) or [""]],
            "allow": [[""] if options.allow is None else list(options.allow)],
            "k": [self.k],
        }

    def fingerprint(self):
        """A hash of the export."""
        return file_hash(self._path / METADATA)

    def widths(self, queries):
        """No query has a history."""
        return np.ones(len(queries), "int64")

    def answer(self, queries):
        """The `Answer` to some `Queries`."""
        found = self._loaded.run("similar_items", {"item": queries.names, **self._limits})
        places = places_of(found["item"].ravel().tolist(), self.item_ids)
        return Answer(places.reshape(found["item"].shape), found["score"])
