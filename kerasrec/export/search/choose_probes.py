"""How much of an approximate index is looked at: chosen and measured on queries."""

import math

import numpy as np

from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError

FEWEST_QUERIES = 20
QUERIES_AT_ONCE = 50


def choose_probes(index, queries, recall, seed=0):
    """Sets `index.probes` to the fewest that reach a recall, and `index.measured` to what it is.

    Recall is the share of answers that score at least what the exact k-th best does, over all
    queries. It must be reached twice: with nothing excluded, and with the k best of each query
    excluded, for what somebody has seen is often what scores best. One half of the queries chooses:
    an answer is found as soon as its page is looked at, so the rank of its page among what is
    promised to the query says how many it takes. The other half measures by searching; should it
    fall short, a tenth more is looked at until it does not.

    Args:
        index: `IVFIndex`.
        queries: `(n, dim)` float32.
        recall: What to reach.
        seed: Of the halves.

    Raises:
        InputError: if more than an eighth of the pages would be looked at. Single vectors are read
            much slower than a whole catalogue from front to back, so little would be gained.
    """
    most = index.rows_of_page.shape[0] // 8
    queries = np.random.default_rng(seed).permutation(np.asarray(queries, "float32"))
    choosing, measuring = np.array_split(queries, 2)
    probes, measuring = _fewest(index, choosing, recall), _Measured(index, measuring)
    while probes <= most and min(found := measuring.recalls(probes)) < recall:
        probes = max(probes + 1, probes * 11 // 10)
    if probes > most:
        raise InputError(
            f"for a recall of {recall:g} at {index.k} more than an eighth of the "
            f"{index.exact.num_rows - FIRST} items would be looked at, which is no faster than to "
            "look at all: use the exact index, a smaller k or a smaller recall"
        )
    index.measured = {
        "k": index.k,
        "queries": len(measuring.queries),
        "recall": round(found[0], 4),
        "recall_with_k_excluded": round(found[1], 4),
    }


def check_recall(recall, queries):
    """Whether a recall can be asked for, and be measured on these queries.

    Raises:
        InputError: if not.
    """
    if not 0 < recall < 1:
        raise InputError(f"recall must be between 0 and 1: got {recall}; 1 is the exact index")
    if len(queries) < FEWEST_QUERIES:
        raise InputError(
            f"recall is measured on queries: expected at least {FEWEST_QUERIES}, got "
            f"{len(queries)}; the exact index needs none"
        )


def _fewest(index, queries, recall):
    """The fewest probes that find a share of the k best, and as large a share of the k after."""
    rows, _ = _exact(index, queries)
    steps = range(0, len(queries), QUERIES_AT_ONCE)
    parts = [slice(start, start + QUERIES_AT_ONCE) for start in steps]
    ranks = np.concatenate([index.page_ranks(queries[part], rows[part]) for part in parts])
    probes = 1
    for columns in (slice(index.k), slice(index.k, None)):
        needed = np.sort(ranks[:, columns][rows[:, columns] >= FIRST]) + 1
        if len(needed):
            probes = max(probes, int(needed[math.ceil(recall * len(needed)) - 1]))
    return probes


def _exact(index, queries):
    """Rows and scores of the 2 k best of each query."""
    best = index.exact.search(queries, 2 * index.k, np.zeros((len(queries), 0), "int32"))
    return best["rows"].numpy(), best["scores"].numpy()


class _Measured:
    """Queries with the scores of their exact answers."""

    def __init__(self, index, queries):
        self.index, self.queries, self.k = index, queries, index.k
        rows, scores = _exact(index, queries)
        nothing = rows[:, :0]
        self.asked = (nothing, scores[:, : self.k]), (rows[:, : self.k], scores[:, self.k :])

    def recalls(self, probes):
        """Without anything excluded, and with the k best excluded."""
        self.index.probes = probes
        return [self._recall(*asked) for asked in self.asked]

    def _recall(self, exclude, best):
        found = self.index.looked_up(self.queries, self.k, exclude)["scores"].numpy()
        real = np.isfinite(best)
        least = np.min(best, axis=1, where=real, initial=np.inf, keepdims=True)
        least = np.where(real, least, np.inf)
        # Two ways to the same dot product differ in the last digits.
        hits = (found >= least) | np.isclose(found, least, rtol=1e-5, atol=0)
        return float((hits & real).sum() / max(1, real.sum()))
