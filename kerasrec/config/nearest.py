"""What somebody may have meant."""

import difflib


def nearest(word, known):
    """`; did you mean x?` with what may be written instead, as the end of a message."""
    known = sorted(map(str, known))
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    guess = f"; did you mean {close[0]}?" if close else ""
    return f"{guess} (known: {', '.join(known) or 'none'})"
