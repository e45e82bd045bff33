"""Requests on which an export is compared with Python: edge cases first, then random ones."""

import numpy as np
import tensorflow as tf

from kerasrec.data.query_spec import (
    ITEM,
    ITEM_WEIGHT,
    RECENT_INPUTS,
    REQUEST_INPUTS,
    REQUEST_OPTIONS,
    SEARCH_TEXT,
    recent_input,
)
from kerasrec.data.vocabulary import FIRST
from kerasrec.models.requests.word_search import text_encoders

REQUESTS = 200
LONGER = 7  # items by which the longest history exceeds the model's history length


def make_requests(model, inputs, k, seed=0):
    """Makes `REQUESTS` requests as columns, one array for each input.

    Args:
        model: An adapted `Recommender`.
        inputs: Names of the inputs of all signatures, those of `recommend` first.
        k: Maximum number of answers.
        seed: Seed of the random requests.

    Returns:
        Dict from the name of an input, `item` or a raw item feature to an array. Strings are
        arrays of objects.
    """
    draw = _Draw(model, np.random.default_rng(seed), k)
    rows = draw.odd()
    rows += [draw.one() for _ in range(REQUESTS - len(rows))]
    recent = _Draw(model, np.random.default_rng(seed + 1), k)
    for row in rows[::3]:
        row |= recent.recent()
    columns = {}
    for name in inputs:
        if name in model.context:
            columns[name] = draw.feature(model.context[name])
            continue
        if name in model.profile_inputs:
            columns[name] = draw.feature(model.users.encoders[model.profile_inputs[name]["name"]])
            continue
        each = (REQUEST_INPUTS | RECENT_INPUTS | REQUEST_OPTIONS).get(name)
        if each is None:
            continue
        if each.axis == "query":
            column = _column([row.get(name, k if name == "k" else each.default) for row in rows])
            columns[name] = column if each.dtype == "string" else column.astype(each.dtype)
        else:
            column = _rectangle([row.get(name, ()) for row in rows], each.default)
            columns[name] = column if each.dtype == "string" else column.astype(each.dtype)
    items = [draw.item() for _ in range(REQUESTS)]
    items[:2] = "", "  "
    columns[ITEM] = _column(items)
    columns |= draw.features()
    if SEARCH_TEXT in inputs:
        columns[SEARCH_TEXT] = draw.searches()
    if ITEM_WEIGHT in inputs:
        columns[ITEM_WEIGHT] = draw.weights([row.get("history", ()) for row in rows])
    return columns


class _Draw:
    """Draws random requests and parts of them: users, items, histories, raw features."""

    def __init__(self, model, random, k):
        self.model, self.random, self.k = model, random, k
        self.items, self.users = model.items.vocabulary.ids, model.users.vocabulary.ids
        self.stranger = "nobody has this id"
        while self.stranger in model.items.vocabulary or self.stranger in model.users.vocabulary:
            self.stranger += "!"
        self.active = np.flatnonzero(model.histories.lengths > 0)
        self.active = self.active[self.active >= FIRST]
        self.length = model.schema.history_length

    def odd(self):
        """Returns one request for each edge case."""
        x, y = (str(one) for one in self.random.choice(self.items, 2))
        user, stranger = self.user(), self.stranger
        wishes = [] if self.model.rules is None else self.odd_wishes()
        longest = self.length + LONGER
        some = [str(one) for one in self.random.choice(self.items, longest)]
        return [
            {},
            {"user": stranger},
            {"user": ""},
            {"user": " \t"},
            {"user": "", "history": [x]},
            {"user": stranger, "history": [x]},
            {"user": user},
            {"user": user, "history": [x, y]},
            {"user": user, "history": [stranger]},
            {"user": user, "repeats": "allow"},
            {"history": [stranger, stranger]},
            {"history": ["", x, "", stranger, y, ""]},
            {"history": ["  ", x, " "]},
            {"user": user, "history": ["  "]},
            {"history": [x] * longest},
            {"history": some},
            {"history": some, "repeats": "allow"},
            {"history": [x], "repeats": "allow"},
            {"allow": [x]},
            {"allow": [stranger]},
            {"allow": ["  "]},
            {"allow": [x, x, "", stranger, y], "history": [y]},
            {"allow": [x], "exclude": [x]},
            {"history": [x], "allow": [x]},
            {"history": [x], "allow": [x], "repeats": "allow"},
            {"exclude": [stranger, "", "  ", x, x]},
            {"exclude": [str(one) for one in self.items[:300]]},
            {"k": 0},
            {"k": -3},
            {"k": 1, "history": [x]},
            {"k": self.k + 5, "user": user},
            *wishes,
        ]

    def odd_wishes(self):
        """Returns one request for each edge case of pins and boosts."""
        x, y, z = (str(one) for one in self.random.choice(self.items, 3))
        many = [str(one) for one in self.random.choice(self.items, self.k + 3)]
        return [
            {"pin": [x, y, x, "", self.stranger, z], "repeats": "allow"},
            {"pin": [x, y], "exclude": [x]},
            {"pin": [x, y], "allow": [y, z]},
            {"pin": [x], "history": [x, y]},
            {"pin": many, "k": 3},
            {"pin": many},
            {"boost": [x, "", x, self.stranger], "boost_factor": [3.0, 0.0, 0.5, 2.0]},
            {"boost": many, "boost_factor": [0.25] * len(many), "pin": [z]},
        ]

    def wishes(self):
        """Draws pins and boosts."""
        random, row = self.random, {}
        if random.random() < 0.3:
            row["pin"] = [self.item() for _ in range(random.integers(1, 4))]
        if random.random() < 0.3:
            row["boost"] = [self.item() for _ in range(random.integers(1, 30))]
            row["boost_factor"] = [float(one) for one in random.uniform(0.1, 5, len(row["boost"]))]
        return row

    def one(self):
        """Draws a random request."""
        random, row = self.random, {}
        if random.random() < 0.6:
            row["user"] = self.user()
        elif random.random() < 0.5:
            row["user"] = self.stranger
        if random.random() < 0.6 and len(self.active):
            row |= self.history()
        if random.random() < 0.3:
            row["exclude"] = [self.item() for _ in range(random.integers(1, 6))]
        if random.random() < 0.25:
            row["allow"] = [self.item() for _ in range(random.integers(1, 21))]
        if random.random() < 0.5:
            row["k"] = int(random.integers(0, self.k + 3))
        row["repeats"] = str(random.choice(["", "mask", "allow"]))
        if self.model.rules is not None:
            row |= self.wishes()
        return row

    def user(self):
        return str(self.random.choice(self.users)) if len(self.users) else self.stranger

    def item(self):
        return self.stranger if self.random.random() < 0.05 else str(self.random.choice(self.items))

    def history(self):
        """Draws a user's history with what is read of it, and inserts an unknown item or a gap."""
        past = self.model.histories.take([self.random.choice(self.active)])
        kept = slice(-int(self.random.integers(1, self.length + LONGER)), None)
        items = [str(one) for one in self.model.items.vocabulary.lookup(past.items[kept])]
        row = {"history": items}
        if past.behavior is not None and self.model.behaviors is not None:
            done = self.model.behaviors.lookup(past.behavior[kept])
            row["behavior"] = [str(one) for one in done]
        if past.timestamp is not None:
            row["timestamp"] = [int(one) for one in past.timestamp[kept]]
        if self.model.value_range is not None:
            values = self.random.uniform(*self.model.value_range, len(items))
            row["value"] = values.tolist()
        place = int(self.random.integers(len(items) + 1))
        for name in row.keys() - {"history"}:
            row[name].insert(place, REQUEST_INPUTS[name].default)
        items.insert(place, str(self.random.choice(["", self.stranger])))
        return row

    def recent(self):
        """Draws what somebody did after the history: the end of a history, or a few items."""
        if not len(self.active) or self.random.random() < 0.3:
            return {"recent": ["", *(self.item() for _ in range(self.random.integers(1, 4)))]}
        past, kept = self.history(), slice(-int(self.random.integers(1, 4)), None)
        return {recent_input(name): values[kept] for name, values in past.items()}

    def searches(self):
        """Draws the words of searches, among them blank and unknown ones."""
        random, words = self.random, [self.stranger]
        for encoder in text_encoders(self.model).values():
            words += encoder.vocabulary.ids[:1000].tolist()
        many = random.integers(0, 5, REQUESTS)
        texts = [" ".join(random.choice(words, number)) for number in many]
        return _column(["", " \t", self.stranger, " ".join(words[:30]).upper(), *texts[4:]])

    def weights(self, histories):
        """Draws a weight for each item of about half of the histories."""
        weighed = [history if self.random.random() < 0.5 else () for history in histories]
        return _rectangle(
            [self.random.uniform(0, 3, len(history)) for history in weighed], np.nan
        ).astype("float32")

    def features(self):
        """Draws raw features of `REQUESTS` items, with known and unknown words and values."""
        return {name: self.feature(each) for name, each in self.model.items.encoders.items()}

    def feature(self, encoder):
        """Draws raw values of a feature, known and unknown ones."""
        return draw_values(encoder, self.random, REQUESTS, self.stranger)


def draw_values(encoder, random, size, stranger):
    """Draws raw values of a feature, some of them missing.

    Args:
        encoder: Its `FeatureEncoder`.
        random: NumPy's generator.
        size: How many.
        stranger: A word that may be drawn besides those that the encoder knows.
    """
    feature = encoder.feature
    if encoder.kind == "number":
        values = encoder.mean + encoder.std * random.normal(size=size)
        return np.where(random.random(size) < 0.1, np.nan, values).astype("float32")
    if encoder.kind == "time":
        seconds = random.integers(-(2**31), 2**32, size)
        return np.where(random.random(size) < 0.1, 0, seconds)
    if encoder.kind == "vector":
        return random.normal(size=(size, feature.size)).astype("float32")
    if encoder.kind == "image":
        pictures = np.empty(size, dtype=object)
        pictures[:] = [_picture(random) for _ in range(size)]
        return pictures
    words = [*encoder.vocabulary.ids[:1000], stranger]
    if encoder.kind != "text":
        words.append("")
    words = np.array(words, dtype=object)  # NumPy would convert a list at each choice
    if encoder.kind == "category":
        return _column([str(word) for word in random.choice(words, size)])
    many = [int(random.integers(min(feature.length, 20) + 3)) for _ in range(size)]
    picked = [[str(word) for word in random.choice(words, n)] for n in many]
    if encoder.kind == "text":
        between = "" if encoder.tokenizer == "bigrams" else ", "
        return _column([between.join(some) for some in picked])
    return _rectangle(picked, "")


def _picture(random):
    """The bytes of a small picture, JPEG or PNG, in colour or grey, or none."""
    shape = (*random.integers(1, 40, 2), random.choice([1, 3]))
    pixels = random.integers(0, 256, shape, dtype="uint8")
    if random.random() < 0.1:
        return b""
    encode = tf.io.encode_jpeg if random.random() < 0.5 else tf.io.encode_png
    return encode(pixels).numpy()


def _rectangle(lists, padding):
    """`(n, longest)`, padded on the right."""
    width = max([1, *map(len, lists)])
    return _column([[*values, *[padding] * (width - len(values))] for values in lists])


def _column(values):
    array = np.array(values, dtype=object)
    # Strings stay objects: a fixed-width dtype gives every string the size of the longest.
    return array if isinstance(array.flat[0], str) else np.array(values)
