"""What the metadata and the files beside the graph of an export say."""

import pyarrow

from kerasrec.config.cutoffs import DEFAULT_K
from kerasrec.errors import InputError
from kerasrec.files.saved_json import read_json
from kerasrec.savedmodel.metadata import EXTRA_FOLDER


def export_k(about, k):
    """The number of items of an answer, and notes: `k`, by default 10 or all of fewer."""
    most = about["max_k"]
    if k is None:
        cut = [f"the export answers with {most} items at most"] if most < DEFAULT_K else []
        return min(DEFAULT_K, most), cut
    if not 1 <= k <= most:
        raise InputError(
            f"k {k}: the export answers with {most} items at most; ask for fewer, or export with a "
            "larger k"
        )
    return k, []


def read_ids(path, kind):
    """The ids of "items" or "users" of an export, in the order of its rows."""
    return pyarrow.array(read_json(path / EXTRA_FOLDER / f"{kind}.json"), pyarrow.string())


def titles_of(path, item_ids):
    """The title of each item by its id; ids are their own in an export without titles."""
    ids, file = item_ids.to_pylist(), path / EXTRA_FOLDER / "titles.json"
    titles = read_json(file) if file.is_file() else ids
    return dict(zip(ids, titles, strict=True))
