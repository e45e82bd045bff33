"""Texts to tokens in TensorFlow operations, which an exported graph holds as well."""

from typing import Any

import numpy as np

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


def unspaced(texts: list[str]) -> np.ndarray:
    """bool (n,): which texts have letters of a script without spaces between words."""
    import tensorflow as tf

    texts = tf.constant(texts, tf.string)
    return tf.strings.regex_full_match(texts, rf"(?s).*{_LETTER}.*").numpy()


def spaced_bigrams(texts: Any) -> Any:
    """Texts with spaces around every token: words, and pairs in scripts without spaces.

    A run of characters of `SCRIPTS` becomes its overlapping pairs, as in the indexes of search
    engines; a single character is a token. Everything else is words in lower case. ASCII
    punctuation within a word is dropped, as in Keras; other punctuation separates. Half-width and
    full-width forms are different letters.

    >>> spaced = spaced_bigrams(["我爱北京。", "iPhone手机 can't"]).numpy()
    >>> [text.decode().split() for text in spaced]
    [['我爱', '爱北', '北京'], ['iphone', '手机', 'cant']]
    """
    import tensorflow as tf

    texts = tf.strings.lower(texts)
    for pattern, replacement in _BIGRAMS:
        texts = tf.strings.regex_replace(texts, pattern, replacement)
    return texts


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


def count_tokens(texts: list[str], tokenizer: str) -> np.ndarray:
    """int (n,): how many tokens each text has."""
    import tensorflow as tf

    if tokenizer == "bigrams":
        return tf.strings.split(spaced_bigrams(texts)).row_lengths().numpy()
    plain = tf.strings.regex_replace(texts, _ASCII_PUNCTUATION, "")
    return tf.strings.split(plain).row_lengths().numpy()
