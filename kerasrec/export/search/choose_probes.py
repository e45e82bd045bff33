"""Chooses how many pages an approximate index scans, and measures the recall."""

import math

import numpy as np

from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError

MIN_QUERIES = 20
QUERIES_PER_SEARCH = 50


def choose_probes(index, queries, recall, seed=0):
    """Sets `index.probes` to the fewest pages that reach a recall, and `index.measurement`.

    Recall is the share of answers that score at least as much as the exact k-th best, over all
    queries. It must be reached twice: with nothing excluded, and with the k best of each query
    excluded, since the items that a user has seen often score best.

    One half of the queries chooses the number of pages: the rank of an item's page in the order of
    the scan says how many pages are scanned until the item is found. The other half measures the
    recall by searching. While it is too low, a tenth more pages are scanned.

    Args:
        index: `IVFIndex`.
        queries: `(n, dim)` float32.
        recall: The recall to reach.
        seed: Seed of the split into halves.

    Raises:
        InputError: if more than an eighth of the pages would be scanned. Random access to vectors
            is much slower than a sequential scan of the catalogue, so little would be gained.
    """
    most = index.rows_of_page.shape[0] // 8
    queries = np.random.default_rng(seed).permutation(np.asarray(queries, "float32"))
    choosing, measuring = np.array_split(queries, 2)
    probes, measuring = _fewest_probes(index, choosing, recall), _RecallMeter(index, measuring)
    while probes <= most and min(recalls := measuring.recalls(probes)) < recall:
        probes = max(probes + 1, probes * 11 // 10)
    if probes > most:
        raise InputError(
            f"a recall of {recall:g} at {index.k} needs a scan of more than an eighth of the "
            f"{index.exact.num_rows - FIRST} items, which is no faster than scanning all: use the "
            "exact index, a smaller k or a smaller recall"
        )
    index.measurement = {
        "k": index.k,
        "queries": len(measuring.queries),
        "recall": round(recalls[0], 4),
        "recall_with_k_excluded": round(recalls[1], 4),
    }


def check_recall(recall, queries):
    """Checks a recall and the number of queries it is measured on.

    Raises:
        InputError: if the recall is not between 0 and 1, or the queries are too few.
    """
    if not 0 < recall < 1:
        raise InputError(f"recall must be between 0 and 1: got {recall}; 1 is the exact index")
    if len(queries) < MIN_QUERIES:
        raise InputError(
            f"recall is measured on queries: expected at least {MIN_QUERIES}, got "
            f"{len(queries)}; the exact index needs none"
        )


def _fewest_probes(index, queries, recall):
    """The fewest pages that find a share `recall` of the k best, and of the k items after them."""
    rows, _ = _search_exactly(index, queries)
    steps = range(0, len(queries), QUERIES_PER_SEARCH)
    parts = [slice(start, start + QUERIES_PER_SEARCH) for start in steps]
    ranks = np.concatenate([index.page_ranks(queries[part], rows[part]) for part in parts])
    probes = 1
    for columns in (slice(index.k), slice(index.k, None)):
        needed = np.sort(ranks[:, columns][rows[:, columns] >= FIRST]) + 1
        if len(needed):
            probes = max(probes, int(needed[math.ceil(recall * len(needed)) - 1]))
    return probes


def _search_exactly(index, queries):
    """Rows and scores of the exact 2 k best of each query."""
    best = index.exact.search(queries, 2 * index.k, np.zeros((len(queries), 0), "int32"))
    return best["rows"].numpy(), best["scores"].numpy()


class _RecallMeter:
    """Measures the recall of an index on queries whose exact answers it knows."""

    def __init__(self, index, queries):
        self.index, self.queries, self.k = index, queries, index.k
        rows, scores = _search_exactly(index, queries)
        none, best, rest = rows[:, :0], scores[:, : self.k], scores[:, self.k :]
        # Excluded rows, and the scores of the exact answers without them.
        self.cases = (none, best), (rows[:, : self.k], rest)

    def recalls(self, probes):
        """Recall with nothing excluded, and with the k best excluded."""
        self.index.probes = probes
        return [self._recall(*case) for case in self.cases]

    def _recall(self, exclude, best):
        scores = self.index.search_pages(self.queries, self.k, exclude)["scores"].numpy()
        real = np.isfinite(best)
        least = np.min(best, axis=1, where=real, initial=np.inf, keepdims=True)
        least = np.where(real, least, np.inf)
        # Two orders of summation of one dot product differ in the last digits.
        hits = (scores >= least) | np.isclose(scores, least, rtol=1e-5, atol=0)
        return float((hits & real).sum() / max(1, real.sum()))
