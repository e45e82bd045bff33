"""Checks the options of a feature column: what a user may give to `FeatureEncoder.fit`."""

from collections.abc import Mapping
from typing import Any

from kerasrec.data.schema import IMAGE_SIZES, KINDS, Feature
from kerasrec.data.text_tokens import TOKENIZERS
from kerasrec.data.time_cycles import CYCLES
from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number

# A column may also be a time, which a model reads as a vector.
COLUMN_KINDS = (*KINDS, "time")
# Option -> the least whole number, the kinds that have it, None for all.
LEAST = {
    "max_tokens": (3, None),
    "length": (1, None),
    "buckets": (2, ("number",)),
    "soft_buckets": (2, ("number",)),
    "min_count": (1, ("category", "categories")),
    "size": (IMAGE_SIZES[0], ("image",)),
}


def check_options(name: str, kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with whole numbers as ints; None where an option is not given.

    Raises:
        InputError: an unknown kind, a name that no feature may have, an option of the wrong type,
            or one that the kind does not have.
    """
    if kind not in COLUMN_KINDS:
        raise InputError(
            f"Feature {name!r}: kind must be one of {', '.join(COLUMN_KINDS)}, got {kind!r}."
        )
    Feature(name, "number")  # checks the name before any work is done
    options = dict(options)
    separator, tokenizer = options["separator"], options["tokenizer"]
    if not isinstance(separator, str) or not separator:
        raise InputError(
            f"Feature {name!r}: separator must be a non-empty string, got {separator!r}."
        )
    for option, (least, kinds) in LEAST.items():
        if options[option] is not None:
            options[option] = whole_number(options[option], f"Feature {name!r}: {option}", least)
            _only_for(name, kind, option, kinds)
    if tokenizer not in TOKENIZERS:
        raise InputError(
            f"Feature {name!r}: tokenizer must be one of {', '.join(TOKENIZERS)}, "
            f"got {tokenizer!r}."
        )
    if options["buckets"] is not None and options["soft_buckets"] is not None:
        raise InputError(
            f"Feature {name!r}: a number has buckets or soft_buckets, not both; two features may "
            "read one column."
        )
    if options["backbone"] is not None:
        _only_for(name, kind, "backbone", ("image",))
        if options["size"] is not None:
            raise InputError(
                f"Feature {name!r}: the backbone says which size its pictures have: leave size out."
            )
    if options["size"] is not None and options["size"] > IMAGE_SIZES[1]:
        raise InputError(
            f"Feature {name!r}: size must be at most {IMAGE_SIZES[1]}, got {options['size']}: a "
            "network that needs larger pictures is given as a frozen backbone."
        )
    if options["parts"] is not None:
        _only_for(name, kind, "parts", ("time",))
        options["parts"] = check_parts(name, options["parts"])
    return options


def check_parts(name: str, parts: Any) -> tuple[str, ...]:
    """The parts of a time as a tuple."""
    known = isinstance(parts, list | tuple) and parts and all(one in tuple(CYCLES) for one in parts)
    if not known or len(set(parts)) < len(parts):
        raise InputError(
            f"Feature {name!r:.60}: parts must be some of {', '.join(CYCLES)}, each once, as a "
            f"list; got {parts!r:.80}."
        )
    return tuple(parts)


def _only_for(name: str, kind: str, option: str, kinds: tuple[str, ...] | None) -> None:
    if kinds is not None and kind not in kinds:
        raise InputError(
            f"Feature {name!r}: {option} is for kind {' and '.join(kinds)}, not for kind {kind}: "
            "leave it out."
        )
