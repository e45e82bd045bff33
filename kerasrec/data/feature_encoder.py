"""Encodes raw feature values as the numbers of a catalog column."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.backbone import Backbone
from kerasrec.data.check_encoder import check_encoder
from kerasrec.data.feature_notes import feature_notes
from kerasrec.data.feature_options import check_options
from kerasrec.data.feature_values import (
    Refuse,
    is_missing,
    parts_of,
    read_numbers,
    read_seconds,
    read_texts,
    read_vectors,
    single_values,
    vector_width,
)
from kerasrec.data.ids import shown
from kerasrec.data.number_buckets import (
    bucket_borders,
    bucket_centres,
    bucket_rows,
    bucket_weights,
)
from kerasrec.data.number_moments import moments
from kerasrec.data.pictures import BLOCK, check_pictures, is_no_picture, read_pictures
from kerasrec.data.schema import Feature
from kerasrec.data.text_tokens import frequent_tokens, split_texts, text_layer, unspaced
from kerasrec.data.time_cycles import CYCLES, time_cycles
from kerasrec.data.user_lists import UserLists
from kerasrec.data.vocabulary import FIRST, UNKNOWN, Vocabulary
from kerasrec.errors import InputError
from kerasrec.tables.memory import check_memory

# Height and width of a picture, where they are not given.
PICTURE_SIZE = 32
# Deviations of a number from the mean; models square and multiply them in float32.
FARTHEST = 1e15


@dataclasses.dataclass(frozen=True)
class FeatureEncoder:
    """One feature's fitted encoding; its state is plain data, see `to_dict`.

    * category: one value -> its row in a vocabulary, int32 ().
    * categories: values split at `separator`, or a list of them, also one written as text, see
      `read_list` -> rows, int32 (length,).
    * text: lower case, punctuation stripped, split by `tokenizer` -> token rows, int32 (length,).
      The rows are those of Keras's `TextVectorization`, so an exported graph gives the same.
    * number: (x - mean) / std, float32 (). With `buckets` the row of a bucket between quantiles,
      for the model a category, int32 (); with `soft_buckets` the weights of its two nearest
      buckets, for the model a vector, float32 (buckets,). See `number_buckets`.
    * vector: as given, a list or the text of one, float32 (size,).
    * time: sine and cosine of the hour and of the day of the week, for the model a vector,
      float32 (2 * parts,). See `time_cycles`.
    * users: ids of users, in the formats of categories -> their rows in the vocabulary of all
      users, int32 (length,). Unknown ids, the user's own id and repeated ids are left out.
    * image: the bytes or the `pathlib.Path` of a JPEG or PNG file, resized to a square, uint8 from
      1 to 255 (size, size, 3). With `backbone` its vector by a frozen Keras model behind a number
      that is 1, for the model a vector, float32 (1 + width,). See `decode_picture`, `Backbone`.

    A missing value (None, NaN, "") encodes to zeros: padding, or the mean of a number. Of a
    category or categories a value that `fit` saw less than `min_count` times is unknown, row 1.

    >>> encoder = FeatureEncoder.fit("genres", ["Drama|War", "War", None], kind="categories")
    >>> encoder.feature
    Feature(name='genres', kind='categories', size=4, length=2)
    >>> encoder.encode(["War|Opera", ""])
    array([[3, 1],
           [0, 0]], dtype=int32)
    """

    name: str
    kind: str
    vocabulary: Vocabulary | None = None
    length: int = 1
    size: int = 1
    mean: float = 0.0
    std: float = 1.0
    separator: str = "|"
    tokenizer: str = "words"
    borders: tuple[float, ...] | None = None
    centres: tuple[float, ...] | None = None
    min_count: int = 1
    parts: tuple[str, ...] = ()
    backbone: Backbone | None = None

    @classmethod
    def fit(
        cls,
        name: str,
        values: Any,
        kind: str,
        separator: str = "|",
        max_tokens: int = 20000,
        length: int | None = None,
        tokenizer: str = "auto",
        base: "FeatureEncoder | None" = None,
        place: Callable[[int], str] | None = None,
        users: Vocabulary | None = None,
        own: np.ndarray | None = None,
        buckets: int | None = None,
        soft_buckets: int | None = None,
        min_count: int | None = None,
        parts: Sequence[str] | None = None,
        counts: np.ndarray | None = None,
        size: int | None = None,
        backbone: Any = None,
    ) -> "FeatureEncoder":
        """Learn an encoding from values.

        Args:
            values: a sequence with one value for each row; a vector may also be a 2-D array.
            separator: between the values of a categories string.
            max_tokens: largest number of token rows of a text, padding and unknown included.
            length: how many values (categories, users) or tokens (text) of a row are kept, the
                first ones; None = those of the longest row.
            tokenizer: how a text is split into tokens. "words" splits at white space. "bigrams"
                does so as well, and splits scripts without spaces between words (Chinese, Japanese,
                Thai, Lao, Khmer, Burmese) into overlapping pairs of characters. "auto" is "bigrams"
                if any text has a letter of such a script.
            base: an earlier encoder to continue: category and categories append new values to its
                vocabulary, those with its `min_count` among the new values; the others keep its
                state. Its options are kept.
            place: names a position in an error message.
            users: for kind users: the vocabulary of all users.
            own: for kind users: the row of the user that each value belongs to.
            buckets: for kind number: in how many buckets of about equally many values it is put;
                fewer where many values are equal.
            soft_buckets: the same, with weights of the two nearest buckets.
            min_count: for kinds category and categories: values that occur less often are unknown;
                None = none.
            parts: for kind time: a list of "hour", "weekday" and "month"; None = the first two.
            counts: for kinds category, categories and text: how many rows have each of `values`;
                None = one.
            size: for kind image: height and width, from 8 to 128; None = 32.
            backbone: for kind image: a Keras model from pictures to vectors, or the path of its
                `.keras` file, see `Backbone`. It says the size, and is not trained.

        Raises:
            InputError: an unknown kind, an argument of the wrong type, an option of another kind,
                values that do not fit the kind, a base of another name or kind, or a user with so
                many names that a table as wide as the longest list would be too large.
        """
        options = check_options(
            name,
            kind,
            {
                "separator": separator,
                "max_tokens": max_tokens,
                "length": length,
                "tokenizer": tokenizer,
                "buckets": buckets,
                "soft_buckets": soft_buckets,
                "min_count": min_count,
                "parts": parts,
                "size": size,
                "backbone": backbone,
            },
        )
        if base is not None:
            if (base.name, base.kind) != (name, kind):
                raise InputError(
                    f"Feature {name!r} ({kind}) cannot continue {base.name!r} ({base.kind})."
                )
            if backbone is not None and Backbone.of(backbone) != base.backbone:
                raise InputError(
                    f"Feature {name!r}: it continues pictures that were read without this "
                    "backbone: leave backbone out, or read all data anew."
                )
            return base._continued(values, users, counts)
        encoder = cls(name, kind, separator=separator, min_count=options["min_count"] or 1)
        if kind == "users":
            return encoder.with_users(users)._fit_users(values, own, options["length"], place)
        if kind == "number":
            return encoder._fit_number(
                values, options["buckets"], options["soft_buckets"], encoder.refuser(place)
            )
        if kind == "time":
            parts = tuple(CYCLES)[:2] if parts is None else options["parts"]
            return dataclasses.replace(encoder, parts=parts)
        if kind == "vector":
            size = vector_width(values, encoder.refuser(place))
            if size is None:
                raise InputError(f"Feature {name!r}: no row has a vector.")
            return dataclasses.replace(encoder, size=size)
        if kind == "image":
            if backbone is None:
                return dataclasses.replace(encoder, size=options["size"] or PICTURE_SIZE)
            backbone = Backbone.of(backbone)
            return dataclasses.replace(encoder, size=backbone.size, backbone=backbone)
        if kind == "text":
            return encoder._fit_text(values, options, encoder.refuser(place), counts)
        if kind == "category":
            values = single_values(values, encoder.refuser(place))
            vocabulary = Vocabulary.from_values(values, encoder.min_count, counts)
            return dataclasses.replace(encoder, vocabulary=vocabulary)
        lists = encoder._split(values)
        counts = _of_parts(lists, counts)
        vocabulary = Vocabulary.from_values(_flat(lists), encoder.min_count, counts)
        length = options["length"] or max([1, *map(len, lists)])
        return dataclasses.replace(encoder, vocabulary=vocabulary, length=length)

    def _continued(
        self, values: Any, users: Vocabulary | None, counts: np.ndarray | None
    ) -> "FeatureEncoder":
        if self.kind == "users":
            return self.with_users(users)
        if self.kind not in ("category", "categories"):
            return self
        if self.kind == "categories":
            lists = self._split(values)
            values, counts = _flat(lists), _of_parts(lists, counts)
        vocabulary = self.vocabulary.extended(values, self.min_count, counts)
        return dataclasses.replace(self, vocabulary=vocabulary)

    def _fit_users(
        self,
        values: Any,
        own: np.ndarray | None,
        length: int | None,
        place: Callable[[int], str] | None,
    ) -> "FeatureEncoder":
        lists = self._user_lists(values, own)
        if length is None and lists.problem():
            self.refuser(place)(*lists.problem())
        return dataclasses.replace(self, length=length or max(1, lists.most))

    def _fit_number(
        self, values: Any, buckets: int | None, soft_buckets: int | None, refuse: Refuse
    ) -> "FeatureEncoder":
        numbers = read_numbers(values, self.missing(values), refuse)
        found = moments(numbers)
        real = numbers[~np.isnan(numbers)]
        if buckets is not None:
            found["borders"] = bucket_borders(real, buckets)
        if soft_buckets is not None:
            found["centres"] = bucket_centres(real, soft_buckets)
        return dataclasses.replace(self, **found)

    def _fit_text(
        self,
        values: Any,
        options: Mapping[str, Any],
        refuse: Refuse,
        counts: np.ndarray | None,
    ) -> "FeatureEncoder":
        texts, tokenizer = read_texts(values, refuse), options["tokenizer"]
        if tokenizer == "auto":
            tokenizer = "bigrams" if unspaced(texts).any() else "words"
        tokens, lengths = split_texts(texts, tokenizer)
        # A token of exotic white space only is left out and counts as unknown.
        counts = None if counts is None else np.repeat(counts, lengths)
        kept = frequent_tokens(tokens, options["max_tokens"] - FIRST, counts)
        vocabulary = Vocabulary([token for token in kept if token.strip()])
        length = options["length"] or max(1, int(lengths.max(initial=1)))
        found = {"vocabulary": vocabulary, "length": length, "tokenizer": tokenizer}
        return dataclasses.replace(self, **found)

    @property
    def feature(self) -> Feature:
        """Name, kind, size and length, for the schema: as a model reads it."""
        if self.borders is not None:
            return Feature(self.name, "category", FIRST + len(self.borders) + 1)
        if self.centres is not None:
            return Feature(self.name, "vector", len(self.centres))
        if self.kind == "time":
            return Feature(self.name, "vector", 2 * len(self.parts))
        if self.backbone is not None:
            return Feature(self.name, "vector", self.backbone.width)
        size = self.size if self.vocabulary is None else len(self.vocabulary)
        return Feature(self.name, self.kind, size, self.length)

    def with_users(self, users: Vocabulary) -> "FeatureEncoder":
        """For kind users: this encoder with the vocabulary of all users, which may have grown."""
        if users is None:
            raise InputError(
                f"Feature {self.name!r}: kind users needs the vocabulary of the users."
            )
        return dataclasses.replace(self, vocabulary=users)

    def continues(self, base: "FeatureEncoder") -> bool:
        """Whether all values that `base` knows are encoded as it does: new ones may be known.

        >>> before = FeatureEncoder.fit("land", ["no", "fi"], kind="category")
        >>> FeatureEncoder.fit("land", ["se"], kind="category", base=before).continues(before)
        True
        """
        if self.vocabulary is None or base.vocabulary is None:
            return self == base
        rows = len(base.vocabulary.ids)
        same = np.array_equal(self.vocabulary.ids[:rows], base.vocabulary.ids)
        return same and dataclasses.replace(self, vocabulary=base.vocabulary) == base

    def encode(
        self,
        values: Any,
        place: Callable[[int], str] | None = None,
        own: np.ndarray | None = None,
        far: str = "refuse",
    ) -> np.ndarray:
        """Encode raw values: an (n, *feature.shape) array of the feature's dtype.

        Args:
            values: as of `fit`.
            place: names a position in an error message.
            own: for kind users: the row of the user that each value belongs to.
            far: what to do with a number whose distance to the mean float32 cannot hold: "refuse"
                it, or take it as "missing", as an export does.

        Raises:
            InputError: a value that does not fit the kind.
        """
        if self.kind == "category":
            return self.vocabulary.rows(values)
        if self.kind == "number":
            return self._encode_number(values, place, far)
        if self.kind == "time":
            return time_cycles(self._seconds(values, place), self.parts)
        if self.kind == "vector":
            return read_vectors(values, self.size, self.refuser(place))
        if self.kind == "users":
            return self._user_lists(values, own).table(self.length)
        if self.kind == "image":
            return self._encode_pictures(values, place)
        out = np.zeros((len(values), self.length), dtype=np.int32)
        if self.kind == "text":
            tokens, counts = split_texts(read_texts(values, self.refuser(place)), self.tokenizer)
            place_of = np.arange(len(tokens)) - np.repeat(np.cumsum(counts) - counts, counts)
            kept = place_of < self.length
            owner = np.repeat(np.arange(len(values)), counts)
            rows = self.vocabulary.rows(tokens.to_numpy(zero_copy_only=False))
            # No id is missing here: a token of exotic white space only is unknown, not padding.
            out[owner[kept], place_of[kept]] = np.maximum(rows, UNKNOWN)[kept]
            return out
        lists = [values[: self.length] for values in self._split(values)]
        lengths = [len(values) for values in lists]
        real = np.arange(self.length) < np.array(lengths, dtype=int)[:, None]
        out[real] = self.vocabulary.rows([value for values in lists for value in values])
        return out

    def _encode_number(
        self, values: Any, place: Callable[[int], str] | None, far: str
    ) -> np.ndarray:
        refuse = self.refuser(place)
        numbers = read_numbers(values, self.missing(values), refuse)
        if self.borders is not None:
            return bucket_rows(numbers, self.borders)
        if self.centres is not None:
            return bucket_weights(numbers, self.centres)
        scaled = np.nan_to_num((numbers - self.mean) / self.std, nan=0.0)
        bounded = np.abs(scaled) <= FARTHEST
        if far == "missing":
            scaled[~bounded] = 0
        elif not bounded.all():
            position = int(bounded.argmin())
            problem = f"{shown(pd.Series(values).iloc[position])} is too far from the mean"
            problem += f" {self.mean:g} at a deviation of {self.std:g}"
            refuse(position, problem)
        return scaled.astype(np.float32)

    def _encode_pictures(self, values: Any, place: Callable[[int], str] | None) -> np.ndarray:
        refuse = self.refuser(place)
        check_pictures(values, refuse)
        feature = self.feature
        advice = "choose a smaller size, or a frozen backbone, of which vectors alone are kept"
        itemsize = np.dtype(feature.dtype).itemsize
        # Once as it is read, once as a weight of the model.
        shapes = [(len(values), *feature.shape)] * 2
        check_memory(f"Feature {self.name!r} (image)", shapes, advice, itemsize)
        out = np.zeros(shapes[0], feature.dtype)
        for start in range(0, len(values), BLOCK):
            block = slice(start, start + BLOCK)

            def refuse_in_block(position: int, problem: str, start: int = start) -> None:
                refuse(start + position, problem)

            pixels = read_pictures(values[block], self.size, refuse_in_block)
            out[block] = pixels if self.backbone is None else self.backbone.vectors(pixels)
        return out

    def text_layer(self) -> Any:
        """For kind text: the Keras layer that encodes inside a TensorFlow graph."""
        return text_layer(self.tokenizer, self.vocabulary.ids, output_sequence_length=self.length)

    def missing(self, values: Any) -> np.ndarray:
        """bool (n,): which values are missing."""
        if self.kind in ("categories", "users"):
            return np.array([not len(value) for value in self._split(values)], dtype=bool)
        if self.kind == "time":
            return self._seconds(values) == 0
        if self.kind == "image":
            return np.array([is_no_picture(value) for value in values], dtype=bool)
        if isinstance(values, np.ndarray) and values.ndim == 2:
            return np.zeros(len(values), dtype=bool)
        if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
            return np.isnan(values)
        return np.array([is_missing(value) for value in values], dtype=bool)

    def ignored(self, values: Any, own: np.ndarray | None = None) -> dict[str, int]:
        """For kind users: how many ids `encode` leaves out, by reason."""
        users = self.kind == "users"
        return self._user_lists(values, own).ignored(self.length) if users else {}

    def notes(self, values: Any) -> list[str]:
        """Sentences on values that may not be read as intended."""
        return feature_notes(self.kind, self.separator, self.tokenizer, values)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; the catalog has the vocabulary of all users, and the backbone."""
        plain = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        own = self.vocabulary is not None and self.kind != "users"
        plain["vocabulary"] = self.vocabulary.ids.tolist() if own else None
        plain["backbone"] = self.backbone is not None
        return plain

    @classmethod
    def from_dict(
        cls,
        plain: Mapping[str, Any],
        users: Vocabulary | None = None,
        load_backbone: Callable[[str], Backbone] | None = None,
    ) -> "FeatureEncoder":
        """The encoder of a `to_dict`; InputError if damaged.

        Args:
            users: the vocabulary of all users.
            load_backbone: from the name of a feature to its backbone.
        """
        try:
            encoder = cls(**plain)
        except TypeError as error:
            raise InputError(f"Not a feature encoder: {error}.") from None
        if encoder.kind == "users":
            encoder = encoder.with_users(users)
        elif isinstance(encoder.vocabulary, list):
            encoder = dataclasses.replace(encoder, vocabulary=Vocabulary(encoder.vocabulary))
        listed = {
            key: tuple(value)
            for key in ("borders", "centres", "parts")
            if isinstance(value := getattr(encoder, key), list)
        }
        has_backbone = encoder.backbone
        encoder = dataclasses.replace(encoder, backbone=None, **listed)
        # The size of a backbone has other bounds, and is compared with its own.
        check_encoder(
            dataclasses.replace(encoder, size=PICTURE_SIZE) if has_backbone is True else encoder
        )
        if has_backbone not in (True, False, None) or (has_backbone and encoder.kind != "image"):
            raise InputError(f"Feature {encoder.name!r:.60}: only kind image has a backbone.")
        if not has_backbone:
            return encoder
        if load_backbone is None:
            raise InputError(f"Feature {encoder.name!r:.60}: its backbone is missing.")
        backbone = load_backbone(encoder.name)
        if encoder.size != backbone.size:
            raise InputError(
                f"Feature {encoder.name!r:.60}: its pictures have the size {encoder.size}, those "
                f"of its backbone {backbone.size}."
            )
        return dataclasses.replace(encoder, backbone=backbone)

    def _split(self, values: Any) -> pd.Series:
        """A list of the non-missing values for each row."""
        return pd.Series([parts_of(value, self.separator) for value in values], dtype=object)

    def _user_lists(self, values: Any, own: np.ndarray | None) -> UserLists:
        return UserLists(self._split(values), self.vocabulary, own)

    def _seconds(self, values: Any, place: Callable[[int], str] | None = None) -> np.ndarray:
        return read_seconds(values, self.refuser(place))

    def refuser(self, place: Callable[[int], str] | None) -> Refuse:
        """Raises the error for the value at a position."""

        def refuse(position: int, problem: str) -> None:
            at = f", {place(position)}" if place else f", value {position}"
            raise InputError(f"Feature {self.name!r} ({self.kind}){at}: {problem}.")

        return refuse


def _flat(lists: Any) -> list[Any]:
    return [part for parts in lists for part in parts]


def _of_parts(lists: Any, counts: np.ndarray | None) -> np.ndarray | None:
    """How often each element of `_flat(lists)` occurs, of lists that occur `counts` times."""
    return None if counts is None else np.repeat(counts, [len(parts) for parts in lists])
