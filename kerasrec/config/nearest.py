"""Suggestions for a misspelt name."""

import difflib


def nearest(word, known):
    """The end of a message on an unknown name: `; did you mean x? (known: x, y)`."""
    known = sorted(map(str, known))
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    guess = f"; did you mean {close[0]}?" if close else ""
    return f"{guess} (known: {', '.join(known) or 'none'})"
