"""Texts to tokens: for tables in Arrow, for an exported graph in TensorFlow.

Both run the same regular expressions in the same engine, RE2, so the tokens are the same.
"""

from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute

TOKENIZERS = ("auto", "words", "bigrams")

# Scripts without spaces between words, and two marks of kana that belong to no script.
SCRIPTS = ("Han", "Hiragana", "Katakana", "Bopomofo", "Thai", "Lao", "Khmer", "Myanmar")
_LETTER = "[" + "".join(rf"\p{{{script}}}" for script in SCRIPTS) + r"\x{30FC}\x{FF70}]"
# A letter with its marks: vowels and tones of Thai, voice marks of kana, joiners.
_CHARACTER = _LETTER + r"[\p{M}\x{309B}\x{309C}\x{FF9E}\x{FF9F}\x{200C}\x{200D}]*"
# Separators within these scripts: their punctuation and the zero-width space.
_WITHIN = (
    r"[\x{0E3F}\x{0E4F}\x{0E5A}\x{0E5B}\x{104A}-\x{104F}\x{17D4}-\x{17D6}\x{17D8}-\x{17DB}"
    r"\x{200B}\x01\x02]"
)
_ASCII_PUNCTUATION = r"[!-/:-@\[-`{-~]"
_OTHER_PUNCTUATION = r"[\p{P}\p{Sc}\p{Sk}\p{Sm}\p{Z}]"

# Replacements in order; \x01 and \x02 mark the ends of a run of characters.
_BIGRAMS = (
    (_WITHIN, " "),
    (rf"((?:{_CHARACTER})+)", " \x01\\1\x02 "),
    # Each character twice, a space in between: ABC to A AB BC C.
    (rf"({_CHARACTER})", r"\1 \1"),
    # A single character is kept; the first and the last of a run are not pairs.
    (rf"\x01({_CHARACTER}) {_CHARACTER}\x02", r"\1"),
    (rf"\x01{_CHARACTER} | {_CHARACTER}\x02", " "),
    # As Keras does, "don't" is one word, in typographic quotes as well.
    (_ASCII_PUNCTUATION, ""),
    (r"\x{2019}", ""),
    (_OTHER_PUNCTUATION, " "),
)
_REPLACED = {"bigrams": _BIGRAMS, "words": ((_ASCII_PUNCTUATION, ""),)}


def unspaced(texts: list[str]) -> np.ndarray:
    """bool (n,): which texts have letters of a script without spaces between words."""
    found = pyarrow.compute.match_substring_regex(_arrow(texts), _LETTER)
    return found.to_numpy(zero_copy_only=False).astype(bool)


def split_texts(texts: list[str], tokenizer: str) -> tuple[pyarrow.Array, np.ndarray]:
    """The tokens of all texts, one text after the other, and how many each text has.

    As `text_layer` splits them: "words" as Keras does, "bigrams" as `spaced_bigrams`.

    >>> tokens, counts = split_texts(["Don't panic!", "", "iPhone手机壳"], "bigrams")
    >>> tokens.to_pylist(), counts.tolist()
    (['dont', 'panic', 'iphone', '手机', '机壳'], [2, 0, 3])
    """
    spaced = pyarrow.compute.ascii_lower(_arrow(texts))
    for pattern, replacement in _REPLACED[tokenizer]:
        spaced = pyarrow.compute.replace_substring_regex(
            spaced, pattern=pattern, replacement=replacement
        )
    lists = pyarrow.compute.ascii_split_whitespace(spaced)
    tokens = pyarrow.compute.list_flatten(lists)
    # White space at either end of a text splits off an empty token.
    real = pyarrow.compute.not_equal(tokens, "")
    owner = pyarrow.compute.list_parent_indices(lists).filter(real)
    return tokens.filter(real), np.bincount(owner.to_numpy(), minlength=len(texts))


def frequent_tokens(
    tokens: pyarrow.Array, most: int, counts: np.ndarray | None = None
) -> list[str]:
    """The `most` tokens that occur most often, of equal ones the last in the alphabet first.

    That is the order in which Keras's `TextVectorization.adapt` keeps them. `counts` says how often
    each of `tokens` occurs; None = once.
    """
    encoded = tokens.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    counts = np.bincount(encoded.indices.to_numpy(), counts, len(texts)).tolist()
    by_count = sorted(zip(counts, texts, strict=True), reverse=True)
    return [text for _, text in by_count[:most]]


def spaced_texts(texts: Any, tokenizer: str) -> Any:
    """Puts spaces around every token of some texts, in a TensorFlow graph.

    "words" are those of Keras's `lower_and_strip_punctuation`, "bigrams" of `spaced_bigrams`.

    >>> spaced_texts(["Don't panic!"], "words").numpy().tolist()
    [b'dont panic']
    """
    import tensorflow as tf

    texts = tf.strings.lower(texts)
    for pattern, replacement in _REPLACED[tokenizer]:
        texts = tf.strings.regex_replace(texts, pattern, replacement)
    return texts


def spaced_bigrams(texts: Any) -> Any:
    """`spaced_texts` by the tokenizer "bigrams".

    A run of characters of `SCRIPTS` becomes its overlapping pairs, as in the indexes of search
    engines; a single character is a token. Everything else is words in lower case. ASCII
    punctuation within a word is dropped, as in Keras; other punctuation separates. Half-width and
    full-width forms are different letters.

    >>> spaced = spaced_bigrams(["我爱北京。", "iPhone手机 can't"]).numpy()
    >>> [text.decode().split() for text in spaced]
    [['我爱', '爱北', '北京'], ['iphone', '手机', 'cant']]
    """
    return spaced_texts(texts, "bigrams")


def text_layer(tokenizer: str, vocabulary: np.ndarray | None = None, **options: Any) -> Any:
    """A Keras `TextVectorization` that splits texts by `tokenizer`."""
    import keras

    bigrams = tokenizer == "bigrams"
    layer = keras.layers.TextVectorization(
        standardize=spaced_bigrams if bigrams else "lower_and_strip_punctuation",
        split="whitespace",
        **options,
    )
    if vocabulary is not None:
        # An object array: a list becomes an array whose width is that of the longest token.
        # Keras refuses an empty vocabulary; no text has a token with a blank in it.
        layer.set_vocabulary(vocabulary if len(vocabulary) else np.array(["no token"], object))
    return layer


def _arrow(texts: list[str]) -> pyarrow.Array:
    # Large: offsets of 32 bits end at 2 GiB of text.
    return pyarrow.array(texts, pyarrow.large_string())
