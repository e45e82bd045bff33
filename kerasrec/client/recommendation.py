"""What a server recommends, as plain values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """An item of the history, and what the score would lose without it."""

    item: str
    contribution: float


@dataclass(frozen=True)
class Word:
    """A word of a text of the item, and what it adds to the score."""

    word: str
    feature: str
    contribution: float


@dataclass(frozen=True)
class Recommendation:
    """An item and its score; with `explain` also what the score rests on.

    `from_behavior` and `from_content` add up to the score; None for models that have no content.

    >>> Recommendation("book-7", 2.5).reasons
    ()
    """

    item: str
    score: float
    reasons: tuple[Reason, ...] = ()
    words: tuple[Word, ...] = ()
    from_behavior: float | None = None
    from_content: float | None = None


def read_answer(outputs, count=None):
    """Lists of `Recommendation`, one for each row of a signature's outputs.

    Args:
        outputs: `item` and `score` `(n, k)` and, explained, `reason_item`, `reason`, `word`,
            `word_feature`, `word_reason` `(n, k, any)`, `from_behavior`, `from_content` `(n, k)`.
            `""` fills up.
        count: Reasons and words to keep; None is all.

    >>> read_answer({"item": [["a", ""]], "score": [[1.5, float("-inf")]]})
    [[Recommendation(item='a', score=1.5, reasons=(), words=(), from_behavior=None, \
from_content=None)]]
    """

    def of(name, row, place, otherwise=()):
        return outputs[name][row][place] if name in outputs else otherwise

    def recommendation(row, place, item, score):
        at = (row, place)
        reasons = zip(of("reason_item", *at), of("reason", *at), strict=True)
        words = zip(of("word", *at), of("word_feature", *at), of("word_reason", *at), strict=True)
        return Recommendation(
            item,
            float(score),
            tuple(Reason(name, float(part)) for name, part in reasons if name)[:count],
            tuple(Word(name, text, float(part)) for name, text, part in words if name)[:count],
            of("from_behavior", *at, None),
            of("from_content", *at, None),
        )

    return [
        [recommendation(row, place, *pair) for place, pair in enumerate(pairs) if pair[0]]
        for row, pairs in enumerate(
            list(zip(items, scores, strict=True))
            for items, scores in zip(outputs["item"], outputs["score"], strict=True)
        )
    ]
