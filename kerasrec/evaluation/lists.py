import numpy as np

from kerasrec import metrics
from kerasrec.data.vocabulary import FIRST
from kerasrec.evaluation.groups import DECILES, GROUPS, HOT_ITEM, HOT_USER, deciles, group_of
from kerasrec.evaluation.item_vectors import ItemVectors
from kerasrec.evaluation.truth import Truth
from kerasrec.metrics import SAMPLED


class Lists:
    """Measures ranked lists against the truths of queries, popularity, groups and item features.

    Args:
        train: Interactions of the train part.
        queries: Queries of the evaluated part.
    """

    def __init__(self, train, queries):
        self.sampled = queries.candidates is not None
        self._counts = train.item_counts()
        self._num_items = len(train.items.vocabulary)
        self._vectors = ItemVectors(train.items)
        self._ndcg = {}
        self._truth = Truth(queries.truth, self._num_items)
        self._query = np.arange(len(queries.users))[:, None]
        self._item_group = group_of(self._counts, HOT_ITEM)
        self._user_group = group_of(queries.history.lengths, HOT_USER)
        self._history_popularity = _mean_popularity(queries.history, self._counts)
        history = queries.history
        known = self._truth.find(np.repeat(np.arange(len(history)), history.lengths), history.items)
        self._num_seen = len(np.unique(known[known >= 0]))

    def add(self, ratios, model, rows, ks):
        """Adds the metrics over all queries; returns the coverages, which have no interval."""
        hits = self._truth.find(self._query, rows) >= 0
        self._add_ranking(ratios, (model, "all"), hits, self._truth.num_relevant, ks)
        if self.sampled:
            return {}
        tops, known = [rows[:, :k] for k in ks], self._history_popularity
        for k, top in zip(ks, tops, strict=True):
            ratios.add((model, "all", f"novelty@{k}"), metrics.novelty(top, self._counts))
        for k, top in zip(ks, tops, strict=True):
            popularity = metrics.average_popularity(top, self._counts)
            ratios.add((model, "all", f"popularity_lift@{k}"), popularity - known, known)
        if self._vectors.names:
            for k, values in zip(ks, metrics.diversity(rows, self._vectors, ks).T, strict=True):
                ratios.add((model, "all", f"diversity@{k}"), values)
        nan, num_items = float("nan"), self._num_items - FIRST
        return {
            (model, "all", f"coverage@{k}"): {
                "mean": metrics.coverage(top, num_items),
                "low": nan,
                "high": nan,
            }
            for k, top in zip(ks, tops, strict=True)
        }

    def add_above(self, ratios, model, baseline):
        """Adds by how much the NDCG of a model is above that of a baseline, as a share of it.

        Both are of the same queries in each resample, so the interval is a paired one.
        """
        for (name, metric), values in self._ndcg.items():
            if name == baseline:
                difference = self._ndcg[model, metric] - values
                ratios.add((baseline, "above", metric), difference, values)

    def add_groups(self, ratios, model, rows, ks):
        """Adds the ranking metrics of each group; returns the groups without their metrics."""
        truth, found = self._truth, []
        hits = truth.find(self._query, rows) >= 0
        for by, group_of_truth in (
            ("item", self._item_group[truth.item]),
            ("user", self._user_group[truth.query]),
        ):
            for i, group in enumerate(GROUPS):
                inside = group_of_truth == i
                relevant = np.bincount(truth.query[inside], minlength=len(hits))
                has_truth = relevant > 0
                if by == "item":
                    in_group = hits & (self._item_group[rows] == i)
                else:
                    in_group = hits & has_truth[:, None]
                if has_truth.any():
                    self._add_ranking(ratios, (model, by, group), in_group, relevant, ks, has_truth)
                found.append({"model": model, "by": by, "group": group})
                found[-1] |= {"n": int(has_truth.sum()), "pairs": int(inside.sum())}
        return found

    def deciles(self, model, rows, ks):
        """Recall of the truths by decile of the popularity of their items."""
        truth = self._truth
        place = truth.find(self._query, rows)
        rank = np.full(len(truth), rows.shape[1])
        rank[place[place >= 0]] = np.nonzero(place >= 0)[1]
        decile = deciles(truth.item, self._counts)
        found = []
        for i in range(DECILES):
            inside = decile == i
            items = np.unique(truth.item[inside])
            counts = self._counts[items]
            found.append(
                {
                    "model": model,
                    "decile": i + 1,
                    "items": len(items),
                    "truths": int(inside.sum()),
                    "fewest": int(counts.min()) if len(items) else None,
                    "most": int(counts.max()) if len(items) else None,
                    "recall": {
                        f"recall@{k}": float((rank[inside] < k).mean()) if len(items) else None
                        for k in ks
                    },
                }
            )
        return found

    def notes(self, repeats):
        """Sentences about truths that were seen or cold, and about what diversity measures."""
        truth, notes = self._truth, []
        seen = (
            f"{self._num_seen:,} of {len(truth):,} truths were in the user's history "
            f"({self._num_seen / len(truth):.0%})"
        )
        if self._num_seen and repeats == "mask":
            notes.append(
                f"{seen}; seen items are masked, so they count as missed: evaluate.repeats: allow "
                "counts them."
            )
        elif self._num_seen:
            notes.append(f"{seen}; seen items are ranked as all others.")
        elif repeats == "allow":
            notes.append(
                "No truth was in the user's history, and seen items are ranked as all others: "
                "evaluate.repeats: mask leaves them out."
            )
        cold = int((self._item_group[truth.item] == 0).sum())
        if cold:
            notes.append(
                f"{cold:,} of {len(truth):,} truths are items without training interactions."
            )
        if self._vectors.names and not self.sampled:
            notes.append(f"Diversity is over the item features {', '.join(self._vectors.names)}.")
        return notes

    def _add_ranking(self, ratios, scope, hits, num_relevant, ks, weights=1.0):
        for name, metric in metrics.RANKING.items():
            for k in ks:
                values = metric(hits, num_relevant, k)
                name_of = f"{SAMPLED if self.sampled else ''}{name}@{k}"
                if name == "ndcg" and scope[1] == "all":
                    self._ndcg[scope[0], name_of] = values
                ratios.add((*scope, name_of), values * weights, weights)


def _mean_popularity(history, counts):
    """Mean training interactions of each list's items, NaN for an empty list."""
    total = np.concatenate([[0], np.cumsum(counts[history.items])])
    lengths = history.lengths
    sums = total[history.indptr[1:]] - total[history.indptr[:-1]]
    return sums / np.where(lengths > 0, lengths, np.nan)
