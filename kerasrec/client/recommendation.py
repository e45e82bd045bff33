"""What a server recommends, as plain values."""

from dataclasses import dataclass

from kerasrec.client.typed import listed, number, text


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

    def of(name, row, place, otherwise=None):
        return listed(listed(outputs[name])[row])[place] if name in outputs else otherwise

    def several(name, *at):
        return listed(of(name, *at, []))

    def part(name, *at):
        value = of(name, *at)
        return None if value is None else number(value)

    def recommendation(row, place, item, score):
        at = (row, place)
        reasons = zip(several("reason_item", *at), several("reason", *at), strict=True)
        words = zip(
            several("word", *at),
            several("word_feature", *at),
            several("word_reason", *at),
            strict=True,
        )
        return Recommendation(
            item,
            number(score),
            tuple(Reason(name, number(part)) for name, part in reasons if text(name))[:count],
            tuple(
                Word(name, text(feature), number(part))
                for name, feature, part in words
                if text(name)
            )[:count],
            part("from_behavior", *at),
            part("from_content", *at),
        )

    return [
        [recommendation(row, place, *pair) for place, pair in enumerate(pairs) if text(pair[0])]
        for row, pairs in enumerate(
            list(zip(listed(items), listed(scores), strict=True))
            for items, scores in zip(listed(outputs["item"]), listed(outputs["score"]), strict=True)
        )
    ]
