"""What is checked and said of the words of a search, in Python, by a client and by a command."""

from kerasrec.errors import InputError

# Characters of a search, and of its unknown words those that are named.
MOST = 10_000
SHOWN = 5


def check_search(text):
    """Raises an `InputError` for what is no text with words in it, or too long.

    >>> check_search("green tea")
    """
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"text must be the words of a search: got {text!r:.80}")
    if len(text) > MOST:
        raise InputError(
            f"text must have at most {MOST:,} characters, got {len(text):,}: {text!r:.40}..."
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"text: {text!r:.80} has an unpaired surrogate") from None


def search_notes(by_words, known, unknown):
    """Sentences on words that could not be used.

    Args:
        by_words: Whether the answer is ordered by the words; else it is popular items.
        known: How many words items have.
        unknown: List of the other words.

    >>> search_notes(True, 1, ["green"])
    ['words that no item has are left out: green']
    """
    if not by_words:
        why = "the item vectors do not tell these words apart"
        return [f"{why if known else 'no item has these words'}: answered with popular items"]
    if not unknown:
        return []
    unknown = list(dict.fromkeys(unknown))
    more = " and more" if len(unknown) > SHOWN else ""
    return [f"words that no item has are left out: {', '.join(unknown[:SHOWN])}{more}"]
