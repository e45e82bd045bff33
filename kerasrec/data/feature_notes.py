"""Notes on feature values that may not be read as intended."""

from typing import Any

import numpy as np

from kerasrec.data.list_text import is_bracketed, read_list
from kerasrec.data.text_tokens import split_texts, unspaced

# Fewer values may have one category each by chance.
FEW = 10
SEPARATORS = (",", ";", "|", "/")
# A separator that is so much rarer than another one occurs by chance.
RARE = 0.1
# How many texts are read, and the length up to which a text may be a single word.
SAMPLED, SHORT = 1000, 8


def feature_notes(kind: str, separator: str, tokenizer: str, values: Any) -> list[str]:
    """Sentences on values that may not be read as intended.

    >>> print(*feature_notes("categories", "|", "words", ["War, Drama"] * 12))
    the separator '|' is in none of 12 values, e.g. 'War, Drama': each is one; ',' is in 12.
    """
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    if kind == "text":
        return _of_texts(texts, tokenizer)
    if kind == "category":
        lists = [text for text in texts if read_list(text) is not None]
        return _some(lists, "read as one category: a list, as kind categories reads them")
    if kind in ("categories", "users"):
        return _of_lists(texts, separator)
    return []


def _of_lists(texts: list[str], separator: str) -> list[str]:
    bracketed = [text for text in texts if is_bracketed(text)]
    broken = [text for text in bracketed if read_list(text) is None]
    notes = _some(broken, "in brackets read as text: no list of single values")
    if len(texts) < FEW or len(bracketed) > len(broken):
        return notes
    counts = {other: sum(other in text for text in texts) for other in (*SEPARATORS, separator)}
    likely = max(SEPARATORS, key=counts.get)
    if counts[separator] and not (counts[separator] < RARE * counts[likely]):
        return notes
    few = f"{counts[separator]:,}" if counts[separator] else "none"
    note = f"the separator {separator!r} is in {few} of {len(texts):,} values, e.g. "
    note += (
        f"{_short(texts)}: each of the others is one"
        if counts[separator]
        else (f"{_short(texts)}: each is one")
    )
    if counts[likely]:
        note += f"; {likely!r} is in {counts[likely]:,}"
    return [*notes, f"{note}."]


def _of_texts(texts: list[str], tokenizer: str) -> list[str]:
    if not texts:
        return []
    without = unspaced(texts).any()
    if tokenizer == "bigrams" and without:
        return [
            "a script without spaces between words, read as pairs of characters; where you have "
            "separated the words, `tokenizer: words` reads those."
        ]
    sample = texts[:SAMPLED]
    tokens = np.median(split_texts(sample, tokenizer)[1])
    characters = np.median([*map(len, sample)])
    if tokens > 1.5 or characters <= SHORT:
        return []
    advice = "`tokenizer: bigrams` reads pairs of characters" if without else "spaces separate them"
    return [
        f"texts of {characters:,.0f} characters (median) are one token each, e.g. {_short(texts)}: "
        f"{advice}."
    ]


def _some(texts: list[str], what: str) -> list[str]:
    values = "value" if len(texts) == 1 else "values"
    return [f"{len(texts):,} {values} {what}, e.g. {_short(texts)}."] if texts else []


def _short(texts: list[str]) -> str:
    return repr(texts[0] if len(texts[0]) <= 40 else f"{texts[0][:40]}...")
