"""Whether an export answers as Python did when it was written."""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from kerasrec.savedmodel.about import RECORDED, read_about
from kerasrec.savedmodel.files import damaged
from kerasrec.savedmodel.graph_operations import foreign_operations, unportable_operations
from kerasrec.savedmodel.recorded import read_arrays

TOLERANCE = 1e-5
REPLAY = pathlib.Path(__file__).with_name("replay.py")
ITEM = "item"
# Their order is free where they are equal, so that names of reasons are not compared.
UNORDERED = ("reason", "word_reason")


def verify(directory, trust=False):
    """Asks an export what was asked of its model in Python, and compares the answers.

    TensorFlow's C++ loader, which TF Serving calls, runs it in a fresh process that holds neither
    Python's TensorFlow nor kerasrec: all requests at once, the first ones one by one, and as many
    as 1,024 in one.

    Before that, each file is compared with its size and hash in `kerasrec.json`, and the graph is
    read for operations that no export holds: one is not run then. Nobody has signed
    `kerasrec.json`: whoever can write it can change what is compared.

    Args:
        directory: An export.
        trust: Run a graph with any operations.

    Returns:
        A dict: `signatures`, for each the number of `requests`, the largest `difference` of a
        number (absolute; of numbers beyond 1 a share of them, of which float32 holds seven
        digits) and how many items were `other` ones; `problems`, sentences, none where all is
        well. Equal scores may stand in any order.

    Raises:
        InputError: if there is no export, or one that holds no recorded answers.
    """
    directory = pathlib.Path(directory).resolve()
    about = read_about(directory)
    problems = damaged(directory, about["files"])
    if not trust:
        problems += foreign_operations(directory)
    if problems:
        return {"signatures": {}, "problems": problems}
    problems += unportable_operations(directory)
    recorded = directory / RECORDED
    with tempfile.TemporaryDirectory() as folder:
        answers = pathlib.Path(folder) / "answers.npz"
        done = subprocess.run(
            [sys.executable, str(REPLAY), str(directory), str(recorded), str(answers)],
            cwd=folder, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            problems.append(f"it does not load in a fresh process: {done.stderr.strip()[-2000:]}")
            return {"signatures": {}, "problems": problems}
        signatures = _compared(read_arrays(recorded), read_arrays(answers))
    for name, row in signatures.items():
        if row["difference"] > TOLERANCE:
            problems.append(
                f"{name}: numbers differ from Python's by up to {row['difference']:.2g}, at most "
                f"{TOLERANCE:g} is allowed"
            )
        if row["other"]:
            problems.append(f"{name}: {row['other']} items are other ones than Python's")
        if row["requests"] < row["recorded"]:
            problems.append(
                f"{name}: {row['recorded']} requests were recorded, some have no answer"
            )
    return {"signatures": signatures, "problems": problems}


def _compared(expected, found):
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
        for way in ("all", "alone", "large"):
            got = found.get(f"{way}/{signature}/{output}")
            if got is None:  # one by one, or as one large request, not every signature is asked
                row["requests"] = 0 if way == "all" else row["requests"]
                continue
            if way != "alone":
                row["requests"] = min(row["requests"], len(got))
            wanted, own = answer[: len(got)], scores[: len(got)] if scores is not None else None
            got, wanted = got[: len(wanted)], _as_wide(output, wanted, got)
            if output == ITEM:
                row["other"] += _others(wanted, got, own, twins, expected.get("items"))
            else:
                if output in UNORDERED:
                    wanted, got = np.sort(wanted), np.sort(got)
                    row["difference"] = max(row["difference"], _difference(wanted, got, own))
                else:
                    row["difference"] = max(row["difference"], _difference(wanted, got))
    return rows


def _as_wide(output, wanted, got):
    """Without the places behind the answers that nobody asked for, where they are empty."""
    if wanted.ndim == 1 or got.shape[1] >= wanted.shape[1]:
        return wanted
    beyond = wanted[:, got.shape[1] :]
    nothing = "" if beyond.dtype == object else beyond.dtype.type()
    empty = np.isneginf(beyond) if output == "score" else beyond == nothing
    return wanted[:, : got.shape[1]] if empty.all() else wanted


def _others(wanted, got, scores, twins, items):
    """How many items are neither Python's nor as good."""
    moved = got != wanted
    free = _tied(scores)
    if twins is not None and moved.any():
        place = {name: row for row, name in enumerate(items)}
        for query, rank in np.argwhere(moved & ~free):
            one, other = wanted[query, rank], got[query, rank]
            both = place.get(one), place.get(other)
            free[query, rank] = None not in both and twins[both[0]] == twins[both[1]]
    return int((moved & ~free).sum())


def _difference(wanted, got, scores=None):
    """The largest; relative to scores beyond 1: those given, of which these are parts, or these."""
    both = np.isfinite(wanted) & np.isfinite(got)
    if wanted.shape != got.shape or not np.array_equal(wanted[~both], got[~both]):
        return float("inf")
    scores = wanted if scores is None else scores.reshape(*scores.shape, *[1] * (wanted.ndim - 2))
    scores = np.where(np.isfinite(scores), np.abs(scores), 0.0)
    size = np.maximum(1.0, np.broadcast_to(scores, wanted.shape)[both])
    return float(np.max(np.abs(wanted[both] - got[both]) / size, initial=0.0))


def _tied(scores):
    """Places whose score is within the tolerance of a neighbour's: their order is free."""
    real = np.isfinite(scores)
    size = np.maximum(1.0, np.abs(np.where(real, scores, 0.0)[:, 1:]))
    with np.errstate(invalid="ignore"):
        close = np.abs(np.diff(scores, axis=1)) <= 2 * TOLERANCE * size
    no = np.zeros((len(scores), 1), bool)
    # Beyond the last of a row there may be an equal score that is not shown.
    last = real & ~np.concatenate([real[:, 1:], no], 1)
    return last | np.concatenate([close, no], 1) | np.concatenate([no, close], 1)
