"""Checks the state of a feature encoder: its file may come from anyone."""

import math
from typing import Any

import numpy as np

from kerasrec.data.feature_options import COLUMN_KINDS, check_parts
from kerasrec.data.table import LARGEST
from kerasrec.data.text_tokens import TOKENIZERS
from kerasrec.data.vocabulary import Vocabulary
from kerasrec.errors import InputError

WORDLESS = ("number", "vector", "time", "image")


def check_encoder(encoder: Any) -> None:
    """Checks every type and bound of a `FeatureEncoder`; InputError for the first wrong one."""
    name, kind = encoder.name, encoder.kind
    texts = (name, kind, encoder.separator, encoder.tokenizer)
    if not all(isinstance(text, str) for text in texts) or not encoder.separator:
        raise InputError(
            f"Feature {name!r:.60}: its kind, separator and tokenizer must be strings."
        )
    if kind not in COLUMN_KINDS:
        raise InputError(
            f"Feature {name!r:.60}: kind must be one of {', '.join(COLUMN_KINDS)}, got "
            f"{kind!r:.60}."
        )
    has_words = isinstance(encoder.vocabulary, Vocabulary)
    wordless = kind in WORDLESS
    if has_words == wordless or (wordless and encoder.vocabulary is not None):
        raise InputError(f"Feature {name!r:.60}: its vocabulary and kind do not agree.")
    if encoder.tokenizer not in TOKENIZERS:
        raise InputError(
            f"Feature {name!r:.60}: tokenizer must be one of {', '.join(TOKENIZERS)}, got "
            f"{encoder.tokenizer!r:.60}."
        )
    numbers = (encoder.mean, encoder.std)
    if not all(type(one) is float and math.isfinite(one) for one in numbers) or encoder.std <= 0:
        raise InputError(f"Feature {name!r:.60}: mean and std must be finite floats, std above 0.")
    if not all(type(one) is int for one in (encoder.length, encoder.size)):
        raise InputError(f"Feature {name!r:.60}: length and size must be whole numbers.")
    if type(encoder.min_count) is not int or encoder.min_count < 1:
        raise InputError(f"Feature {name!r:.60}: min_count must be a whole number of at least 1.")
    for key, least in (("borders", 0), ("centres", 1)):
        points = getattr(encoder, key)
        if points is not None and not (kind == "number" and _ascend(points, least)):
            raise InputError(
                f"Feature {name!r:.60}: {key} must be at least {least} ascending numbers within "
                "float32, of a feature of kind number."
            )
    if encoder.borders is not None and encoder.centres is not None:
        raise InputError(f"Feature {name!r:.60}: it has borders and centres; one must be null.")
    if kind == "time":
        check_parts(name, encoder.parts)
    elif encoder.parts != ():
        raise InputError(f"Feature {name!r:.60}: only kind time has parts.")
    _ = encoder.feature  # checks name, size and length


def _ascend(points: Any, least: int) -> bool:
    if not isinstance(points, tuple) or len(points) < least:
        return False
    if not all(type(one) is float and abs(one) <= LARGEST for one in points):
        return False
    # As float32 too: two equal centres have no distance to divide by.
    return bool((np.diff(np.array(points, np.float32).astype(float)) > 0).all())
