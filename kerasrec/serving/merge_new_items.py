"""Puts items that an export does not know into its answers."""

import hashlib

import numpy as np

PADDING = {"score": -np.inf}  # of the outputs by name; others are padded with "" and 0


def merge_new_items(outputs, items, scores, counts, share=0.0, request=""):
    """The answer of `recommend` with new items in the places that their scores deserve.

    Each row is the best of its answers and the new items; with equal scores, new items come last.
    Of outputs that only the export can compute, such as reasons, a new item has padding.

    With `share`, on average that share of the places of a row shows new items: those that are
    missing are drawn from the others, all with the same chance, and stand at the end.

    Args:
        outputs: Of the signature: "item" and "score" `(batch, width)`, and others.
        items: Ids of the new items, bytes `(n,)`.
        scores: `(batch, n)`, -inf for an item that a row must not have.
        counts: How many answers each row asks for `(batch,)`.
        share: From 0 to 1.
        request: Id of the request, from which the draws follow.

    >>> outputs = {"item": np.array([[b"a", b"b"]], object), "score": np.float32([[2.0, 1.0]])}
    >>> found = merge_new_items(outputs, [b"n"], np.float32([[1.5]]), [2])
    >>> found["item"].tolist(), found["score"].tolist()
    ([[b'a', b'n']], [[2.0, 1.5]])
    """
    rows, width = outputs["item"].shape
    lists = {name: x for name, x in outputs.items() if x.shape[:2] == (rows, width)}
    lists["item"] = lists["item"].astype(object)
    made = {name: np.full_like(x, _padding(name, x)) for name, x in lists.items()}
    for row in range(rows):
        size = min(max(int(counts[row]), 0), width)
        old = np.flatnonzero(lists["item"][row] != b"")[:size]
        own = scores[row]
        best = np.argsort(-own, kind="stable")[:size]
        best = best[own[best] > -np.inf]
        both = np.concatenate([lists["score"][row][old], own[best]])
        order = np.argsort(-both, kind="stable")[:size]
        if share:
            order, best = _with_quota(order, best, old, own, size, share, _random(request, row))
        for place, one in enumerate(order):
            if one < len(old):
                for name, x in lists.items():
                    made[name][row, place] = x[row, old[one]]
                continue
            new = best[one - len(old)]
            made["item"][row, place], made["score"][row, place] = items[new], own[new]
            if "probability" in made:
                made["probability"][row, place] = 1 / (1 + np.exp(-own[new].astype("float64")))
    return {**outputs, **made}


def _with_quota(order, best, old, own, size, share, random):
    """`order` with drawn new items at its end, and `best` with these behind it."""
    wanted = int(np.floor(size * share + random.random()))
    shown = best[order[order >= len(old)] - len(old)]
    missing = wanted - len(shown)
    left = np.setdiff1d(np.flatnonzero(own > -np.inf), shown)
    drawn = random.permutation(left)[: max(missing, 0)]
    if not len(drawn):
        return order, best
    drawn = drawn[np.argsort(-own[drawn], kind="stable")]
    # Those of the export make room, the last ones first.
    room = max(0, len(order) + len(drawn) - size)
    leaving = order[order < len(old)][::-1][:room]
    kept = order[~np.isin(order, leaving)]
    drawn = drawn[: size - len(kept)]
    places = len(old) + len(best) + np.arange(len(drawn))
    return np.concatenate([kept, places]), np.concatenate([best, drawn])


def _random(request, row):
    text = repr((str(request), "new items", row)).encode("utf-8", "surrogatepass")
    return np.random.default_rng(int.from_bytes(hashlib.blake2b(text, digest_size=16).digest()))


def _padding(name, array):
    return b"" if array.dtype.kind in "SO" else PADDING.get(name, 0)
