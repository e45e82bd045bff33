"""The border of the events: checks untrusted fields and makes an `Event` of them."""

import math
import re

from kerasrec.errors import InputError
from kerasrec.events.event import IMPRESSION, INTERACTION, OF_IMPRESSIONS, OF_INTERACTIONS, Event

ID_LENGTH, NAME_LENGTH, TEXT_LENGTH = 512, 128, 2000  # characters
MOST_ITEMS, MOST_FEATURES, MOST_VALUES = 1000, 200, 1000
MOST_POSITION = 1_000_000
# Clocks differ by seconds; an event of tomorrow would be the latest one until tomorrow.
AHEAD = 300.0
INFINITE = 2**128 - 2**103  # in float32, in which values are trained with
LEAST_PROPENSITY = 2.0**-126  # below it 1 / propensity is infinite in float32
# Control characters, unpaired surrogates and the line ends of Unicode; PostgreSQL stores no NUL.
STRANGE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
TEXTS = {"id": ID_LENGTH, "user": ID_LENGTH, "session": ID_LENGTH, "request": ID_LENGTH}
TEXTS |= {"item": ID_LENGTH, "behavior": NAME_LENGTH, "version": NAME_LENGTH}
REQUIRED = {IMPRESSION: ("id", "items"), INTERACTION: ("id", "item")}
BOTH = {"kind", "id", "time", "user", "session", "request"}
KNOWN = {IMPRESSION: BOTH | {*OF_IMPRESSIONS}, INTERACTION: BOTH | {*OF_INTERACTIONS}}
WHO = frozenset(("user", "session", "request"))


def read_event(fields, now):
    """Returns the `Event` of a JSON object.

    Args:
        fields: Dict of the fields of `Event`. "kind" and "id" are required, "items" for an
            impression and "item" for an interaction, which also needs a user, a session or a
            request. None is a missing field. Without a "time" it is now; without a "behavior"
            "click".
        now: Seconds since 1970. A time more than 300 s later is refused; any past one is taken.

    Raises:
        InputError: for an unknown or missing field, or a value of another type or out of its
            bounds. The message begins with the name of the field.

    >>> read_event({"kind": "interaction", "id": "e1", "user": "u", "item": "a"}, now=5).time
    5.0
    >>> read_event({"kind": "interaction", "id": "e1", "user": "u", "itme": "a"}, now=5)
    Traceback (most recent call last):
        ...
    kerasrec.errors.InputError: itme: not a field of an interaction, which has behavior, id, item, \
kind, request, session, time, user, value
    """
    if not isinstance(fields, dict):
        raise InputError(f"an event is an object of fields: got {shown(fields)}")
    kind = fields.get("kind")
    if kind not in (IMPRESSION, INTERACTION):
        raise InputError(f"kind: expected impression or interaction, got {shown(kind)}")
    given, known = {}, KNOWN[kind]
    for name, value in fields.items():
        if name not in known:
            raise InputError(
                f"{name[:NAME_LENGTH]}: not a field of an {kind}, which has "
                f"{', '.join(sorted(known))}"
            )
        if value is not None:
            given[name] = _text(name, value, TEXTS[name]) if name in TEXTS else value
    for name in REQUIRED[kind]:
        if name not in given:
            raise InputError(f"{name}: missing; an {kind} needs one")
    given["time"] = _time(given.get("time", now), now)
    if kind == IMPRESSION:
        _read_impression(given)
    else:
        if WHO.isdisjoint(given):
            raise InputError("user: an interaction needs a user, a session or a request")
        given.setdefault("behavior", "click")
        if "value" in given:
            given["value"] = _number("value", given["value"])
    return Event(**given)


def shown(value):
    """A value in a message, cut to a few words."""
    return f"{value!r:.80}"


def _read_impression(given):
    items = _list("items", given["items"], MOST_ITEMS)
    given["items"] = tuple(_text("items", item, ID_LENGTH) for item in items)
    if len(set(items)) < len(items):
        raise InputError("items: an item is given twice; the clicks on it would be ambiguous")
    if "positions" in given:
        positions = _list("positions", given["positions"], MOST_ITEMS)
        for one in positions:
            if type(one) is not int or not 1 <= one <= MOST_POSITION:
                raise InputError(
                    f"positions: expected whole numbers from 1 to {MOST_POSITION:,}, got "
                    f"{shown(one)}"
                )
        given["positions"] = tuple(positions)
    if "propensities" in given:
        numbers = _list("propensities", given["propensities"], MOST_ITEMS)
        numbers = tuple(_number("propensities", one) for one in numbers)
        for one in numbers:
            if not LEAST_PROPENSITY <= one <= 1:
                raise InputError(f"propensities: expected numbers in (0, 1], got {one!r}")
        given["propensities"] = numbers
    for name in ("positions", "propensities"):
        if name in given and len(given[name]) != len(items):
            raise InputError(
                f"{name}: expected one for each of {len(items)} items, got {len(given[name])}"
            )
    if "context" in given:
        given["context"] = _context(given["context"])


def _text(name, value, most):
    if not isinstance(value, str):
        raise InputError(f"{name}: expected a text, got {shown(value)}")
    if not 0 < len(value) <= most:
        raise InputError(f"{name}: expected 1 to {most} characters, got {len(value)}")
    # The first is quick, and true of nearly all.
    if value.isprintable() and not value.isspace():
        return value
    if STRANGE.search(value) or not value.strip():
        raise InputError(f"{name}: {shown(value)} is blank or has a control character")
    return value


def _number(name, value):
    if type(value) not in (int, float) or not abs(value) < INFINITE:
        raise InputError(f"{name}: expected a finite number (in float32), got {shown(value)}")
    return float(value)


def _time(value, now):
    if type(value) not in (int, float) or not 0 <= value < math.inf:
        raise InputError(f"time: expected seconds since 1970, got {shown(value)}")
    if value > now + AHEAD:
        unit = " Is it in milliseconds?" if value > 100 * now else " Set the clock."
        raise InputError(
            f"time: {shown(value)} is {value - now:,.0f} s in the future, more than "
            f"{AHEAD:.0f}.{unit}"
        )
    return float(value)


def _list(name, value, most):
    if not isinstance(value, list | tuple) or not 0 < len(value) <= most:
        size = f"{len(value)} of them" if isinstance(value, list | tuple) else shown(value)
        raise InputError(f"{name}: expected a list of 1 to {most} values, got {size}")
    return value


def _context(value):
    if not isinstance(value, dict) or len(value) > MOST_FEATURES:
        raise InputError(
            f"context: expected an object of at most {MOST_FEATURES} features, got {shown(value)}"
        )
    found = {}
    for name, one in value.items():
        _text("context", name, NAME_LENGTH)
        if one is None:
            continue
        many = isinstance(one, list | tuple)
        if many and len(one) > MOST_VALUES:
            raise InputError(f"context: {name} has {len(one)} values, at most {MOST_VALUES}")
        values = [_feature(f"context: {name}", each) for each in (one if many else [one])]
        found[name] = values if many else values[0]
    return found


def _feature(name, value):
    if isinstance(value, str):
        if len(value) > TEXT_LENGTH or re.search("[\x00\ud800-\udfff]", value):
            raise InputError(f"{name}: expected at most {TEXT_LENGTH} characters without NUL")
        return value
    if isinstance(value, bool):
        raise InputError(f"{name}: expected a text or a number, got {value}")
    _number(name, value)
    return value
