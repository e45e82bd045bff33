"""Recommendations with their reasons, read from a server's answer."""

from dataclasses import dataclass

from kerasrec.client.json_values import as_list, as_number, as_text


@dataclass(frozen=True)
class Reason:
    """An item of the history, and what the score loses without it."""

    item: str
    contribution: float


@dataclass(frozen=True)
class Word:
    """A word in a text feature of the item, and its contribution to the score."""

    word: str
    feature: str
    contribution: float


@dataclass(frozen=True)
class Recommendation:
    """An item and its score; with `explain` also reasons for the score.

    `from_behavior` and `from_content` sum to the score; None for models without content.
    `probability` is given with `probabilities`, and `propensity`, the probability with which the
    item is at its position, by a server that explores.

    >>> Recommendation("book-7", 2.5).reasons
    ()
    """

    item: str
    score: float
    reasons: tuple[Reason, ...] = ()
    words: tuple[Word, ...] = ()
    from_behavior: float | None = None
    from_content: float | None = None
    probability: float | None = None
    propensity: float | None = None


def read_answer(outputs, count=None):
    """Converts outputs to lists of `Recommendation`, one list for each row.

    Args:
        outputs: `item` and `score` `(n, k)`; with explanations also `reason_item`, `reason`,
            `word`, `word_feature`, `word_reason` `(n, k, any)`, `from_behavior`,
            `from_content`, `probability` and `propensity` `(n, k)`. "" is padding.
        count: Number of reasons and words to keep; None for all.

    >>> read_answer({"item": [["a", ""]], "score": [[1.5, float("-inf")]]})
    [[Recommendation(item='a', score=1.5, reasons=(), words=(), from_behavior=None, \
from_content=None, probability=None, propensity=None)]]
    """

    def value(name, row, rank, default=None):
        return as_list(as_list(outputs[name])[row])[rank] if name in outputs else default

    def values(name, *position):
        return as_list(value(name, *position, []))

    def optional_number(name, *position):
        found = value(name, *position)
        return None if found is None else as_number(found)

    def recommendation(row, rank, item, score):
        position = (row, rank)
        reasons = zip(values("reason_item", *position), values("reason", *position), strict=True)
        words = zip(
            values("word", *position),
            values("word_feature", *position),
            values("word_reason", *position),
            strict=True,
        )
        return Recommendation(
            item,
            as_number(score),
            tuple(Reason(name, as_number(part)) for name, part in reasons if as_text(name))[:count],
            tuple(
                Word(name, as_text(feature), as_number(part))
                for name, feature, part in words
                if as_text(name)
            )[:count],
            optional_number("from_behavior", *position),
            optional_number("from_content", *position),
            optional_number("probability", *position),
            optional_number("propensity", *position),
        )

    return [
        [recommendation(row, rank, *pair) for rank, pair in enumerate(pairs) if as_text(pair[0])]
        for row, pairs in enumerate(
            list(zip(as_list(items), as_list(scores), strict=True))
            for items, scores in zip(
                as_list(outputs["item"]), as_list(outputs["score"]), strict=True
            )
        )
    ]
