"""The gate: whether a new version may take the place of the serving one."""

import dataclasses

import numpy as np
import pandas as pd

from kerasrec.errors import InputError
from kerasrec.evaluation.ratios import Ratios
from kerasrec.update.judgement import Judgement

ALL = "all queries"
RESAMPLES = 1000
GROUP_LEVEL = 0.99  # several groups are judged: each by a wider interval
FEWEST = 30  # queries of a group that is judged
FAST = 0.002  # seconds: no difference that a user could notice


@dataclasses.dataclass(frozen=True)
class Gate:
    """Compares a new version with the serving one by their answers to the same queries.

    The difference of each query is `metric(new) - metric(serving)`. Its mean has a percentile
    bootstrap interval over users, since the queries of one user depend on each other. On all
    queries the new version passes if the whole 95 % interval is above `-margin` times the value of
    the serving version: it is better, or it was shown not to be worse by more than that. A guarded
    group refuses it where the whole 99 % interval is below 0 and the mean is below the same bound;
    a group of fewer than 30 queries refuses nothing.

    Args:
        k: Cut-off of the metric NDCG@k, which for one truth at rank r is 1 / log2(r + 1).
        margin: Share of the serving version's value that may be lost. Half an interval of 2,000
            queries is about 5 % of the value where two versions are as good: a smaller margin than
            twice that refuses them too often (`python -m benchmarks gate`).
        slower: How many times the time of a request may grow; less than 2 ms always may.
        larger: How many times the size of the export may grow.
        coverage: Share of the number of distinct items recommended that has to be kept.
        fewest: Queries that are needed to judge at all.

    Sources: Efron, Tibshirani, An introduction to the bootstrap (1993); non-inferiority margins as
    in clinical trials, Piaggio et al., JAMA 308 (2012).
    """

    k: int = 10
    margin: float = 0.1
    slower: float = 1.5
    larger: float = 2.0
    coverage: float = 0.5
    fewest: int = 100

    def __post_init__(self):
        if not 0 <= self.margin < 1:
            raise InputError(f"margin must be at least 0 and below 1: got {self.margin}")

    def judge(self, queries, serving, new, seconds, sizes, seed=0):
        """Judges a version.

        Args:
            queries: `RecentQueries`.
            serving, new: `Answers` of the two versions to them.
            seconds: Of one request to the two versions.
            sizes: Bytes of the two exports.
            seed: Of the resamples.

        Returns:
            `Judgement`.
        """
        if len(queries) < self.fewest:
            raise InputError(
                f"{len(queries)} recent queries are too few to judge a version by: at least "
                f"{self.fewest} are needed; wait for more events"
            )
        values = [ndcg(one.items[:, : self.k], queries.truth) for one in (serving, new)]
        groups = {ALL: np.ones(len(queries), bool), **queries.groups}
        rows = self._rows(groups, *values, pd.factorize(np.array(queries.user))[0], seed)
        checks = self._checks(serving, new, seconds, sizes)
        bad = (row for row in rows if row["verdict"].startswith(("worse", "not")))
        refused = [f"{row['group']}: {row['verdict']}" for row in bad]
        refused += [f"{one['check']} is out of bounds" for one in checks if not one["kept"]]
        return Judgement(f"ndcg@{self.k}", rows, checks, refused)

    def _rows(self, groups, before, after, user, seed):
        ratios, number = Ratios(user.max() + 1), user.max() + 1
        for name, inside in groups.items():
            each = {"weights": np.where(inside, after - before, 0.0), "minlength": number}
            ratios.add(name, np.bincount(user, **each), np.bincount(user[inside], minlength=number))
        levels = {level: ratios.intervals(RESAMPLES, seed, level) for level in (0.95, GROUP_LEVEL)}
        rows = []
        for name, inside in groups.items():
            count = int(inside.sum())
            if not count:
                continue
            old, now = float(before[inside].mean()), float(after[inside].mean())
            found = levels[0.95 if name == ALL else GROUP_LEVEL][name]
            row = {"group": name, "queries": count, "serving": old, "new": now}
            row |= {"difference": now - old, "low": found["low"], "high": found["high"]}
            row["verdict"] = self._verdict(row)
            rows.append(row)
        return rows

    def _verdict(self, row):
        bound = -self.margin * row["serving"]
        if row["group"] != ALL and row["queries"] < FEWEST:
            return "too few"
        if row["low"] > 0:
            return "better"
        if row["high"] < 0 and row["difference"] < bound:
            return "worse"
        if row["group"] == ALL and not row["low"] >= bound:
            return "not shown to be as good"
        return "as good"

    def _checks(self, serving, new, seconds, sizes):
        before, after = (1000 * one for one in seconds)
        slowest = max(self.slower * before, before + 1000 * FAST)
        covered = [len(set(one.items[:, : self.k].ravel()) - {""}) for one in (serving, new)]
        found = [
            ("milliseconds of a request", before, after, slowest, after <= slowest),
            ("bytes", *sizes, self.larger * sizes[0], sizes[1] <= self.larger * sizes[0]),
            ("items recommended", *covered, self.coverage * covered[0],
             covered[1] >= self.coverage * covered[0]),
            ("finite scores", serving.finite, new.finite, True, new.finite),
        ]  # fmt: skip
        names = ("check", "serving", "new", "bound", "kept")
        return [dict(zip(names, one, strict=True)) for one in found]


def ndcg(items, truth):
    """NDCG of lists with one truth each, float64 (queries,): 1 / log2(rank + 1), or 0.

    >>> ndcg(np.array([["a", "b"], ["a", "b"], ["a", "b"]]), ["a", "b", "c"]).round(2)
    array([1.  , 0.63, 0.  ])
    """
    hit = items == np.array(truth, object)[:, None]
    return (hit / np.log2(np.arange(2, items.shape[1] + 2))).sum(axis=1)
