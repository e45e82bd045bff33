"""Encodes raw feature values as the numbers of a catalog column."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.feature_notes import feature_notes
from kerasrec.data.ids import is_unicode, shown
from kerasrec.data.list_text import read_list
from kerasrec.data.schema import KINDS, Feature
from kerasrec.data.table import as_numbers, in_float32
from kerasrec.data.text_tokens import (
    TOKENIZERS,
    frequent_tokens,
    split_texts,
    text_layer,
    unspaced,
)
from kerasrec.data.user_lists import UserLists
from kerasrec.data.vocabulary import FIRST, UNKNOWN, Vocabulary
from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number


@dataclasses.dataclass(frozen=True)
class FeatureEncoder:
    """One feature's fitted encoding; its state is plain data, see `to_dict`.

    * category: one value -> its row in a vocabulary, int32 ().
    * categories: values split at `separator`, or a list of them, also one written as text, see
      `read_list` -> rows, int32 (length,).
    * text: lower case, punctuation stripped, split by `tokenizer` -> token rows, int32 (length,).
      The rows are those of Keras's `TextVectorization`, so an exported graph gives the same.
    * number: (x - mean) / std, float32 ().
    * vector: as given, float32 (size,).
    * users: ids of users, in the formats of categories -> their rows in the vocabulary of all
      users, int32 (length,). Unknown ids, the user's own id and repeated ids are left out.

    A missing value (None, NaN, "") encodes to zeros: padding, or the mean of a number.

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
            base: an earlier encoder to continue: text, number and vector keep its state; category
                and categories append new values to its vocabulary. Its length, separator and
                tokenizer are kept.
            place: names a position in an error message.
            users: for kind users: the vocabulary of all users.
            own: for kind users: the row of the user that each value belongs to.

        Raises:
            InputError: an unknown kind, an argument of the wrong type, values that do not fit the
                kind, a base of another name or kind, or a user with so many names that a table as
                wide as the longest list would be too large.
        """
        if kind not in KINDS:
            raise InputError(
                f"Feature {name!r}: kind must be one of {', '.join(KINDS)}, got {kind!r}."
            )
        Feature(name, "number")  # checks the name before any work is done
        if not isinstance(separator, str) or not separator:
            raise InputError(
                f"Feature {name!r}: separator must be a non-empty string, got {separator!r}."
            )
        max_tokens = whole_number(max_tokens, f"Feature {name!r}: max_tokens", 3)
        if length is not None:
            length = whole_number(length, f"Feature {name!r}: length", 1)
        if tokenizer not in TOKENIZERS:
            raise InputError(
                f"Feature {name!r}: tokenizer must be one of {', '.join(TOKENIZERS)}, "
                f"got {tokenizer!r}."
            )
        if base is not None:
            if (base.name, base.kind) != (name, kind):
                raise InputError(
                    f"Feature {name!r} ({kind}) cannot continue {base.name!r} ({base.kind})."
                )
            if kind == "users":
                return base.with_users(users)
            if kind not in ("category", "categories"):
                return base
            values = _parts_of(base._split(values)) if kind == "categories" else values
            return dataclasses.replace(base, vocabulary=base.vocabulary.extended(values))
        encoder = cls(name, kind, separator=separator)
        if kind == "users":
            encoder = encoder.with_users(users)
            lists = encoder._user_lists(values, own)
            if length is None and lists.problem():
                encoder._refuse(place, *lists.problem())
            return dataclasses.replace(encoder, length=length or max(1, lists.most))
        if kind == "number":
            numbers = encoder._numbers(values, place)
            real = numbers[~np.isnan(numbers)]
            if not len(real):
                return encoder
            return dataclasses.replace(
                encoder, mean=float(real.mean()), std=float(real.std()) or 1.0
            )
        if kind == "vector":
            return dataclasses.replace(encoder, size=encoder._width(values, place))
        if kind == "category":
            for position, value in enumerate(values):
                if isinstance(value, list | tuple | set | dict | np.ndarray):
                    problem = f"expected single values, got {value!r:.80}"
                    encoder._refuse(place, position, problem)
            return dataclasses.replace(encoder, vocabulary=Vocabulary.from_values(values))
        if kind == "categories":
            lists = encoder._split(values)
            longest = max([1, *map(len, lists)])
            vocabulary = Vocabulary.from_values(_parts_of(lists))
        else:
            texts = encoder._texts(values, place)
            if tokenizer == "auto":
                tokenizer = "bigrams" if unspaced(texts).any() else "words"
            encoder = dataclasses.replace(encoder, tokenizer=tokenizer)
            tokens, counts = split_texts(texts, tokenizer)
            # A token of exotic white space only is left out and counts as unknown.
            kept = frequent_tokens(tokens, max_tokens - FIRST)
            vocabulary = Vocabulary([token for token in kept if token.strip()])
            longest = int(counts.max(initial=1))
        return dataclasses.replace(
            encoder, vocabulary=vocabulary, length=max(1, longest) if length is None else length
        )

    @property
    def feature(self) -> Feature:
        """Name, kind, size and length, for the schema."""
        size = self.size if self.vocabulary is None else len(self.vocabulary)
        return Feature(self.name, self.kind, size, self.length)

    def with_users(self, users: Vocabulary) -> "FeatureEncoder":
        """For kind users: this encoder with the vocabulary of all users, which may have grown."""
        if users is None:
            raise InputError(
                f"Feature {self.name!r}: kind users needs the vocabulary of the users."
            )
        return dataclasses.replace(self, vocabulary=users)

    def encode(
        self,
        values: Any,
        place: Callable[[int], str] | None = None,
        own: np.ndarray | None = None,
    ) -> np.ndarray:
        """Encode raw values: an (n, *feature.shape) array of the feature's dtype."""
        if self.kind == "category":
            return self.vocabulary.rows(values)
        if self.kind == "number":
            scaled = np.nan_to_num((self._numbers(values, place) - self.mean) / self.std, nan=0.0)
            if not (bounded := in_float32(scaled)).all():
                position = int(bounded.argmin())
                problem = f"{shown(pd.Series(values).iloc[position])} is too far from the mean"
                problem += f" {self.mean:g} at a deviation of {self.std:g}"
                self._refuse(place, position, problem)
            return scaled.astype(np.float32)
        if self.kind == "vector":
            return self._vectors(values, place)
        if self.kind == "users":
            return self._user_lists(values, own).table(self.length)
        out = np.zeros((len(values), self.length), dtype=np.int32)
        if self.kind == "text":
            tokens, counts = split_texts(self._texts(values, place), self.tokenizer)
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

    def text_layer(self) -> Any:
        """For kind text: the Keras layer that encodes inside a TensorFlow graph."""
        return text_layer(self.tokenizer, self.vocabulary.ids, output_sequence_length=self.length)

    def missing(self, values: Any) -> np.ndarray:
        """bool (n,): which values are missing."""
        if self.kind in ("categories", "users"):
            return np.array([not len(value) for value in self._split(values)], dtype=bool)
        if isinstance(values, np.ndarray) and values.ndim == 2:
            return np.zeros(len(values), dtype=bool)
        return np.array([_is_missing(value) for value in values], dtype=bool)

    def ignored(self, values: Any, own: np.ndarray | None = None) -> dict[str, int]:
        """For kind users: how many ids `encode` leaves out, by reason."""
        users = self.kind == "users"
        return self._user_lists(values, own).ignored(self.length) if users else {}

    def notes(self, values: Any) -> list[str]:
        """Sentences on values that may not be read as intended."""
        return feature_notes(self.kind, self.separator, self.tokenizer, values)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; the vocabulary of all users is left out, the catalog has it."""
        plain = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        own = self.vocabulary is not None and self.kind != "users"
        plain["vocabulary"] = self.vocabulary.ids.tolist() if own else None
        return plain

    @classmethod
    def from_dict(
        cls, plain: Mapping[str, Any], users: Vocabulary | None = None
    ) -> "FeatureEncoder":
        """The encoder of a `to_dict`, with the vocabulary of all users; InputError if damaged."""
        try:
            encoder = cls(**plain)
        except TypeError as error:
            raise InputError(f"Not a feature encoder: {error}.") from None
        if encoder.kind == "users":
            encoder = encoder.with_users(users)
        elif isinstance(encoder.vocabulary, list):
            encoder = dataclasses.replace(encoder, vocabulary=Vocabulary(encoder.vocabulary))
        encoder._check_plain()
        return encoder

    def _check_plain(self) -> None:
        """Checks every type: the file may come from anyone."""
        texts = (self.name, self.kind, self.separator, self.tokenizer)
        if not all(isinstance(text, str) for text in texts) or not self.separator:
            raise InputError(
                f"Feature {self.name!r:.60}: its kind, separator and tokenizer must be strings."
            )
        has_words = isinstance(self.vocabulary, Vocabulary)
        wordless = self.kind in ("number", "vector")
        if has_words == wordless or (wordless and self.vocabulary is not None):
            raise InputError(f"Feature {self.name!r:.60}: its vocabulary and kind do not agree.")
        if self.tokenizer not in TOKENIZERS:
            raise InputError(
                f"Feature {self.name!r:.60}: tokenizer must be one of {', '.join(TOKENIZERS)}, got "
                f"{self.tokenizer!r:.60}."
            )
        numbers = (self.mean, self.std)
        if not all(type(one) is float and math.isfinite(one) for one in numbers) or self.std <= 0:
            raise InputError(
                f"Feature {self.name!r:.60}: mean and std must be finite floats, std above 0."
            )
        if not all(type(one) is int for one in (self.length, self.size)):
            raise InputError(f"Feature {self.name!r:.60}: length and size must be whole numbers.")
        _ = self.feature  # checks name, kind, size and length

    def _split(self, values: Any) -> pd.Series:
        """A list of the non-missing values for each row."""
        return pd.Series([self._parts(value) for value in values], dtype=object)

    def _parts(self, value: Any) -> list[Any]:
        if isinstance(value, str) and (listed := read_list(value)) is not None:
            value = listed
        if isinstance(value, set | frozenset):
            value = sorted(value, key=str)
        if isinstance(value, list | tuple | np.ndarray):
            return [part for part in value if not _is_missing(part)]
        if _is_missing(value):
            return []
        if not isinstance(value, str):
            return [value]
        return [part.strip() for part in value.split(self.separator) if part.strip()]

    def _user_lists(self, values: Any, own: np.ndarray | None) -> UserLists:
        return UserLists(self._split(values), self.vocabulary, own)

    def _texts(self, values: Any, place: Callable[[int], str] | None) -> list[str]:
        texts = ["" if _is_missing(value) else str(value) for value in values]
        for position, text in enumerate(texts):
            if not is_unicode(text):
                self._refuse(place, position, f"{text!r:.80} holds half of a character")
        return texts

    def _numbers(self, values: Any, place: Callable[[int], str] | None) -> np.ndarray:
        series = pd.Series(values, dtype=getattr(values, "dtype", None))
        numbers = as_numbers(series)
        given = ~self.missing(values)
        bad = given & (~in_float32(numbers) if numbers is not None else True)
        if bad.any():
            position = int(bad.argmax())
            problem = f"{shown(series.iloc[position])} is not a finite number (in float32)"
            self._refuse(place, position, problem)
        return np.full(len(series), np.nan) if numbers is None else numbers

    def _width(self, values: Any, place: Callable[[int], str] | None) -> int:
        for position, value in enumerate(values):
            if not _is_missing(value):
                if np.ndim(value) != 1 or not len(value):
                    self._refuse(
                        place,
                        position,
                        f"a vector must be a list of numbers, got {value!r:.80}; "
                        "of several number columns, give their names as a list",
                    )
                return len(value)
        raise InputError(f"Feature {self.name!r}: no row has a vector.")

    def _vectors(self, values: Any, place: Callable[[int], str] | None) -> np.ndarray:
        out = np.zeros((len(values), self.size), dtype=np.float32)
        for position, value in enumerate(values):
            if _is_missing(value):
                continue
            try:
                vector = np.asarray(value, dtype=np.float64)
            except (TypeError, ValueError):
                vector = None
            if vector is None or vector.shape != (self.size,):
                self._refuse(place, position, f"expected {self.size} numbers, got {value!r:.80}")
            if not in_float32(vector).all():
                problem = f"the vector holds NaN or infinity (in float32): {value!r:.80}"
                self._refuse(place, position, problem)
            out[position] = vector
        return out

    def _refuse(self, place: Callable[[int], str] | None, position: int, problem: str) -> None:
        at = f", {place(position)}" if place else f", value {position}"
        raise InputError(f"Feature {self.name!r} ({self.kind}){at}: {problem}.")


def _is_missing(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return not value or not value.strip()
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _parts_of(lists: Any) -> list[Any]:
    return [part for parts in lists for part in parts]
