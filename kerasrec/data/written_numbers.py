"""Numbers as people write them."""

import re
import unicodedata

import numpy as np
import pandas as pd

from kerasrec.data.ids import read_ids

# Spaces of every width, apostrophes.
GROUPS = " \u00a0\u2009\u202f'\u2019"
CODE = re.compile(r"^[A-Z]{3}(?![A-Za-z])|(?<![A-Za-z])[A-Z]{3}$")


def written_numbers(series: pd.Series, decimal: str) -> np.ndarray:
    """float64, NaN where a value is no number with this decimal sign.

    >>> written_numbers(pd.Series(["1.234,50 €", "-3", "EUR 7,5", "1.5"]), ",").tolist()
    [1234.5, -3.0, 7.5, nan]
    """
    if pd.api.types.is_numeric_dtype(series.dtype):
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    codes, texts, _ = read_ids(series)
    numbers = [_number(text, decimal) for text in texts]
    return np.array([*numbers, np.nan])[codes]


def _number(text: str, decimal: str) -> float:
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Sc").strip()
    text = CODE.sub("", text, count=1).strip().replace("\u2212", "-")
    groups = re.escape(GROUPS + ("." if decimal == "," else ","))
    point = re.escape(decimal)
    whole = rf"(?:\d{{1,3}}(?:[{groups}]\d{{3}})+|\d+)"
    found = re.fullmatch(rf"([+-]?)\s*({whole})(?:{point}(\d+))?", text)
    if found is None:
        return np.nan
    sign, digits, decimals = found.groups()
    return float(f"{sign}{re.sub(rf'[{groups}]', '', digits)}.{decimals or 0}")
