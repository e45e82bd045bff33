"""Recent interactions as queries: what was known just before, and what came next."""

import dataclasses

import numpy as np
import pandas as pd

NEW_USERS, NEW_ITEMS, HOT_ITEMS = "new users", "new items", "hot items"
# Hot items are the most popular ones that together have a tenth of the earlier interactions.
HOT_SHARE = 0.1
LONGEST = 1000  # items of a history that are sent


@dataclasses.dataclass(frozen=True)
class RecentQueries:
    """Queries with one truth each, in the order of time.

    Args:
        user: User ids.
        history: Lists of item ids before the truth, the latest last.
        timestamp: Lists of Unix seconds, one for each item of the history; None without times.
        behavior: Lists of behaviors, one for each item of the history; None without behaviors.
        truth: Item ids.
        groups: Dict of a group's name to a bool array, which queries are in it.
        repeated: Number of interactions that are no query, for their item was in the history.
    """

    user: list
    history: list
    timestamp: list | None
    behavior: list | None
    truth: list
    groups: dict
    repeated: int

    def __len__(self):
        return len(self.truth)

    @classmethod
    def of(cls, earlier, recent, known=None, most=2000, seed=0, repeats="mask"):
        """Draws queries from `recent` interactions; each knows all that happened before it.

        Groups are the users and items that the serving version does not know, the items that it
        knows best, and each behavior.

        Args:
            earlier: DataFrame with `user`, `item` and, where known, `timestamp` and `behavior`,
                in the order of time.
            recent: DataFrame with the same columns, of later interactions.
            known: Bool array, the rows of `earlier` that the serving version was trained on, by
                which users and items are new or hot; None for all.
            most: Number of queries at most, drawn with `seed`.
            seed: Of the drawing.
            repeats: "mask" leaves out interactions with items of the history, which no version
                recommends; "allow" keeps them.

        >>> earlier = pd.DataFrame({"user": ["u", "u", "v"], "item": ["a", "b", "a"]})
        >>> recent = pd.DataFrame({"user": ["u", "w", "u"], "item": ["c", "a", "a"]})
        >>> queries = RecentQueries.of(earlier, recent)
        >>> list(zip(queries.user, queries.history, queries.truth)), queries.repeated
        ([('u', ['a', 'b'], 'c'), ('w', [], 'a')], 1)
        >>> queries.groups["new items"].tolist(), queries.groups["new users"].tolist()
        ([True, False], [False, True])
        """
        names = [name for name in ("timestamp", "behavior") if name in earlier and name in recent]
        columns = ["user", "item", *names]
        both = pd.concat([earlier[columns], recent[columns]], ignore_index=True)
        codes, users = pd.factorize(both["user"])
        place = np.argsort(codes, kind="stable")  # by user, in the order of time
        start = np.zeros(len(users) + 1, np.int64)
        np.cumsum(np.bincount(codes, minlength=len(users)), out=start[1:])
        where = np.empty(len(both), np.int64)
        where[place] = np.arange(len(both))
        items = both["item"].to_numpy()[place]

        chosen = np.arange(len(earlier), len(both))
        repeated = 0
        if repeats == "mask":
            again = both.duplicated(["user", "item"]).to_numpy()[chosen]
            chosen, repeated = chosen[~again], int(again.sum())
        if len(chosen) > most:
            random = np.random.default_rng(seed)
            chosen = np.sort(random.choice(chosen, most, replace=False))
        first = np.maximum(start[codes[chosen]], where[chosen] - LONGEST)
        spans = list(zip(first, where[chosen], strict=True))
        context = {name: both[name].to_numpy()[place] for name in names}
        lists = {n: [x[a:b].tolist() for a, b in spans] for n, x in context.items()}
        truth = both["item"].to_numpy()[chosen]
        return cls(
            user=both["user"].to_numpy()[chosen].tolist(),
            history=[items[a:b].tolist() for a, b in spans],
            timestamp=lists.get("timestamp"),
            behavior=lists.get("behavior"),
            truth=truth.tolist(),
            groups=_groups(earlier if known is None else earlier[known], both.iloc[chosen], names),
            repeated=repeated,
        )


def _groups(earlier, chosen, names):
    counts = earlier["item"].value_counts()
    before = counts.cumsum() - counts  # interactions with more popular items
    hot = counts.index[(before < HOT_SHARE * len(earlier)).to_numpy()]
    groups = {
        NEW_USERS: ~chosen["user"].isin(earlier["user"]).to_numpy(),
        NEW_ITEMS: ~chosen["item"].isin(counts.index).to_numpy(),
        HOT_ITEMS: chosen["item"].isin(hot).to_numpy(),
    }
    if "behavior" in names:
        for behavior in sorted(chosen["behavior"].unique()):
            groups[f"behavior {behavior}"] = (chosen["behavior"] == behavior).to_numpy()
    return groups
