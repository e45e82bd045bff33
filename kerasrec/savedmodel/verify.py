"""Compares the answers of an export with those that Python gave when it was written."""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from kerasrec.savedmodel.files import damaged_files
from kerasrec.savedmodel.graph_operations import foreign_operations, unportable_operations
from kerasrec.savedmodel.metadata import EXPECTED, read_metadata
from kerasrec.savedmodel.npz_file import read_arrays

TOLERANCE = 1e-5
REPLAY = pathlib.Path(__file__).with_name("replay.py")
ITEM = "item"
# Equal reasons may be in any order, so their values are compared sorted, and not their names.
UNORDERED = ("reason", "word_reason")


def verify(directory, trust=False):
    """Runs the recorded requests of an export and compares the answers with Python's.

    The export runs in TensorFlow's C++ loader, as in TF Serving, in a new process without Python's
    TensorFlow and kerasrec: all requests in one batch, the first ones one at a time, and one batch
    of 1,024 rows, of fewer where there are more than 131,072 items.

    Before that, each file is compared with its size and hash in `kerasrec.json`, and the
    operations of the graph are checked; if either fails, nothing runs. `kerasrec.json` is not
    signed: whoever can write it can also change the recorded answers.

    Args:
        directory: An export.
        trust: Run a graph with any operations.

    Returns:
        A dict of `signatures` and `problems`. `signatures` has for each signature the number of
        `requests`, the largest `difference` of a number (absolute up to 1, relative above, since
        float32 has seven digits) and the number of `other` items. `problems` is a list of
        sentences, empty if the export is correct. Equal scores may be in any order.

    Raises:
        InputError: if the folder is not an export, or has no recorded answers.
    """
    directory = pathlib.Path(directory).resolve()
    metadata = read_metadata(directory)
    problems = damaged_files(directory, metadata["files"])
    if not trust:
        problems += foreign_operations(directory)
    if problems:
        return {"signatures": {}, "problems": problems}
    problems += unportable_operations(directory)
    expected = directory / EXPECTED
    with tempfile.TemporaryDirectory() as folder:
        answers = pathlib.Path(folder) / "answers.npz"
        process = subprocess.run(
            [sys.executable, str(REPLAY), str(directory), str(expected), str(answers)],
            cwd=folder, capture_output=True, text=True,
        )  # fmt: skip
        if process.returncode:
            problems.append(f"it does not load in a new process: {process.stderr.strip()[-2000:]}")
            return {"signatures": {}, "problems": problems}
        signatures = compare_answers(read_arrays(expected), read_arrays(answers))
    for name, row in signatures.items():
        if row["difference"] > TOLERANCE:
            problems.append(
                f"{name}: numbers differ from Python's by up to {row['difference']:.2g}, at most "
                f"{TOLERANCE:g} is allowed"
            )
        if row["other"]:
            problems.append(f"{name}: {row['other']} items differ from Python's")
        if row["requests"] < row["recorded"]:
            problems.append(
                f"{name}: {row['recorded']} requests were recorded, some have no answer"
            )
    return {"signatures": signatures, "problems": problems}


def compare_answers(expected, found):
    """Compares the arrays that `export` recorded with those of `replay`, by signature.

    Returns:
        Dict of signature to a dict of `recorded`, `requests`, `difference` and `other`.
    """
    twins, rows = expected.get("twins"), {}
    for key, answer in expected.items():
        kind, _, place = key.partition("/")
        if kind != "answer":
            continue
        signature, _, output = place.partition("/")
        row = rows.setdefault(
            signature,
            {"recorded": len(answer), "requests": len(answer), "difference": 0.0, "other": 0},
        )
        scores = expected.get(f"answer/{signature}/score")
        # Rows that rounding may order in another way: counted, and not compared.
        unsure = expected.get(f"unsure/{signature}")
        for batching in ("all", "alone", "large"):
            actual = found.get(f"{batching}/{signature}/{output}")
            if actual is None:  # "alone" and "large" do not cover every signature
                row["requests"] = 0 if batching == "all" else row["requests"]
                continue
            count = len(actual)
            if batching != "alone":
                row["requests"] = min(row["requests"], count)
            wanted, known = answer[:count], scores[:count] if scores is not None else None
            actual, wanted = actual[: len(wanted)], _trim(output, wanted, actual)
            if unsure is not None:
                sure = ~unsure[: len(wanted)].astype(bool)
                wanted, actual = wanted[sure], actual[sure]
                known = known if known is None else known[sure]
            if output == ITEM:
                row["other"] += _count_other(wanted, actual, known, twins, expected.get("items"))
            else:
                if output in UNORDERED:
                    wanted, actual = np.sort(wanted), np.sort(actual)
                    row["difference"] = max(row["difference"], _difference(wanted, actual, known))
                else:
                    row["difference"] = max(row["difference"], _difference(wanted, actual))
    return rows


def _trim(output, wanted, actual):
    """Cuts expected answers to the width of the actual ones, if only padding is cut off."""
    if wanted.ndim == 1 or actual.shape[1] >= wanted.shape[1]:
        return wanted
    rest = wanted[:, actual.shape[1] :]
    padding = "" if rest.dtype == object else rest.dtype.type()
    empty = np.isneginf(rest) if output == "score" else rest == padding
    return wanted[:, : actual.shape[1]] if empty.all() else wanted


def _count_other(wanted, actual, scores, twins, items):
    """Counts items that differ from the expected ones and are not tied with them."""
    differs = actual != wanted
    free = _tied(scores)
    if twins is not None and differs.any():
        row_of = {name: row for row, name in enumerate(items)}
        for query, rank in np.argwhere(differs & ~free):
            one, other = wanted[query, rank], actual[query, rank]
            both = row_of.get(one), row_of.get(other)
            free[query, rank] = None not in both and twins[both[0]] == twins[both[1]]
    return int((differs & ~free).sum())


def _difference(wanted, actual, scores=None):
    """The largest difference, relative where the score is above 1.

    Args:
        scores: The scores of which `wanted` are parts; None if `wanted` are the scores.
    """
    both = np.isfinite(wanted) & np.isfinite(actual)
    if wanted.shape != actual.shape or not np.array_equal(wanted[~both], actual[~both]):
        return float("inf")
    scores = wanted if scores is None else scores.reshape(*scores.shape, *[1] * (wanted.ndim - 2))
    scores = np.where(np.isfinite(scores), np.abs(scores), 0.0)
    size = np.maximum(1.0, np.broadcast_to(scores, wanted.shape)[both])
    return float(np.max(np.abs(wanted[both] - actual[both]) / size, initial=0.0))


def _tied(scores):
    """Places whose score is within the tolerance of a neighbour's, so that they may swap."""
    real = np.isfinite(scores)
    size = np.maximum(1.0, np.abs(np.where(real, scores, 0.0)[:, 1:]))
    with np.errstate(invalid="ignore"):
        close = np.abs(np.diff(scores, axis=1)) <= 2 * TOLERANCE * size
    no = np.zeros((len(scores), 1), bool)
    # The last item of a row may be tied with an item that did not fit into the answer.
    last = real & ~np.concatenate([real[:, 1:], no], 1)
    return last | np.concatenate([close, no], 1) | np.concatenate([no, close], 1)
