"""The answers of an export to recent queries, as a server would give them."""

import dataclasses
import time

import numpy as np

BATCH = 64  # queries that are asked together
TIMED = 40  # queries that are asked one at a time, for the time that one takes


@dataclasses.dataclass(frozen=True)
class Answers:
    """What an export answered.

    Args:
        items: `(queries, k)` ids, best first, "" where there are no more.
        finite: Whether every score of an item is a finite number.
    """

    items: np.ndarray
    finite: bool


def ask_export(loaded, queries, k, repeats="mask"):
    """Asks for `k` recommendations for each query.

    The history of a query is sent with it, so that both a version that stores histories and one
    that is older know the same. A model that reads no histories is told what to leave out.

    Args:
        loaded: `CLoader` of an export.
        queries: `RecentQueries`.
        k: Number of items, at most that of the export.
        repeats: "mask" or "allow", what the model does with items of the history.

    Returns:
        `Answers`.
    """
    places = [range(at, min(at + BATCH, len(queries))) for at in range(0, len(queries), BATCH)]
    answers = [
        loaded.run("recommend", _request(loaded, queries, one, k, repeats)) for one in places
    ]
    items = np.full((len(queries), k), "", object)
    finite = True
    for rows, answer in zip(places, answers, strict=True):
        found = np.char.decode(answer["item"].astype(bytes), "utf-8")[:, :k]
        items[rows.start : rows.stop, : found.shape[1]] = found
        finite &= bool(np.isfinite(answer["score"][:, :k][found != ""]).all())
    return Answers(items, finite)


def time_requests(versions, queries, k, repeats="mask"):
    """The seconds of one request to each version: the lower quartile of some.

    The versions take turns, and what else the machine does makes a request only longer.

    Args:
        versions: `CLoader`s.
        queries, k, repeats: As for `ask_export`.
    """
    seconds = np.empty((min(TIMED, len(queries)), len(versions)))
    for row, place in np.ndindex(seconds.shape):
        request = _request(versions[place], queries, [row], k, repeats)
        start = time.perf_counter()
        versions[place].run("recommend", request, ["item", "score"])
        seconds[row, place] = time.perf_counter() - start
    return np.quantile(seconds, 0.25, axis=0).tolist()


def _request(loaded, queries, rows, k, repeats):
    inputs = loaded.signatures["recommend"].inputs
    history = _padded([queries.history[row] for row in rows], "")
    request = {"k": [k] * len(rows), "repeats": [repeats] * len(rows)}
    if "user" in inputs:
        request["user"] = [queries.user[row] for row in rows]
    if "history" in inputs:
        request["history"] = history
        for name, nothing in (("timestamp", 0), ("behavior", "")):
            lists = getattr(queries, name)
            if name in inputs and lists is not None:
                request[name] = _padded([lists[row] for row in rows], nothing)
    elif repeats == "mask":
        request["exclude"] = history
    return request


def _padded(lists, nothing):
    width = max(1, max(map(len, lists)))
    return [[*one, *[nothing] * (width - len(one))] for one in lists]
