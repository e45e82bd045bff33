"""A feature of the request, encoded from what a prepared folder keeps of it."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.number_buckets import bucket_borders, bucket_centres
from kerasrec.data.number_moments import moments
from kerasrec.data.time_cycles import time_cycles
from kerasrec.errors import InputError
from kerasrec.out_of_core.raw_feature import decoded
from kerasrec.out_of_core.scratch_column import gathered, in_blocks, scratch_column


@dataclasses.dataclass(frozen=True, eq=False)
class EncodedFeature:
    """A feature of all rows.

    Args:
        encoder: the encoder.
        column: (n, *feature.shape), a map of a file.
        missing: how many rows have no value.
        notes: sentences on values that may not be read as intended.
    """

    encoder: FeatureEncoder
    column: np.ndarray
    missing: int
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        options: dict[str, Any],
        base: FeatureEncoder | None,
        kept: np.ndarray,
        texts: dict[str, Any] | None,
        missing: int,
        folder: Path,
        train: np.ndarray | None = None,
    ) -> "EncodedFeature":
        """Fits the encoder, or continues a base, and encodes all rows a block at a time.

        Args:
            name, options: of the feature.
            kept: what `RawFeature` kept of each row.
            texts: {"values", "counts"} of codes.
            missing: as `RawFeature` counted it.
            folder: for the file of the column.
            train: int64, the rows to learn from, in order; None for all.
        """
        options = {key: one for key, one in options.items() if key not in ("column", "decimal")}
        kind = options["kind"]
        if texts is not None:
            return cls._of_codes(name, options, base, kept, texts, folder, train)
        if kind == "vector":
            encoder = FeatureEncoder.fit(name, np.zeros((1, kept.shape[1])), base=base, **options)
            if encoder.size != kept.shape[1]:
                raise InputError(
                    f"Feature {name!r} (vector): expected {encoder.size} numbers, got "
                    f"{kept.shape[1]}."
                )
            return cls(encoder, kept, missing)
        encoder = FeatureEncoder.fit(name, np.zeros(0), base=base, **options)
        if kind == "number" and base is None:
            learned = kept if train is None else gathered(folder, kept, train)
            encoder = _of_numbers(encoder, learned, options)

        def encoded(block: np.ndarray) -> np.ndarray:
            if kind == "time":
                return time_cycles(block, encoder.parts)
            return encoder.encode(block, far="refuse" if train is None else "missing")

        column = _column(encoder, map(encoded, in_blocks(kept)), len(kept), folder)
        return cls(encoder, column, missing)

    @classmethod
    def _of_codes(
        cls,
        name: str,
        options: dict[str, Any],
        base: FeatureEncoder | None,
        codes: np.ndarray,
        texts: dict[str, Any],
        folder: Path,
        train: np.ndarray | None,
    ) -> "EncodedFeature":
        counts = np.array(texts["counts"], np.int64)
        values = np.empty(len(counts), dtype=object)
        values[:] = [decoded(key, options["kind"]) for key in texts["values"]]
        learned, times = values, counts
        if train is not None:
            order, times = _in_order(codes, train, len(values))
            learned = values[order]
        encoder = FeatureEncoder.fit(name, learned, base=base, counts=times, **options)
        rows = encoder.encode(values)
        rows = np.concatenate([rows, np.zeros((1, *rows.shape[1:]), rows.dtype)])  # of code -1
        column = _column(encoder, (rows[block] for block in in_blocks(codes)), len(codes), folder)
        missing = len(codes) - int(counts[~encoder.missing(values)].sum())
        return cls(encoder, column, missing, tuple(encoder.notes(values)))


def _in_order(codes: np.ndarray, train: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The codes of some rows as they first appear there, and how many of these rows have each."""
    counts, order = np.zeros(size + 1, np.int64), []
    for rows in in_blocks(train):
        block = codes[rows]
        fresh = pd.unique(block[block >= 0])
        order.append(fresh[counts[1:][fresh] == 0])
        counts += np.bincount(block + 1, minlength=size + 1)
    found = np.concatenate([np.zeros(0, np.int64), *order])
    return found, counts[1:][found]


def _of_numbers(
    encoder: FeatureEncoder, numbers: np.ndarray, options: dict[str, Any]
) -> FeatureEncoder:
    """The encoder of a column of numbers; for buckets it is sorted in memory as float32."""
    found: dict[str, Any] = moments(numbers)
    if encoder.borders is not None or encoder.centres is not None:
        real = np.concatenate(
            [block[~np.isnan(block)].astype(np.float32) for block in in_blocks(numbers)]
        )
        if encoder.borders is not None:
            found["borders"] = bucket_borders(real, options["buckets"])
        else:
            found["centres"] = bucket_centres(real, options["soft_buckets"])
    return dataclasses.replace(encoder, **found)


def _column(encoder: FeatureEncoder, blocks: Any, rows: int, folder: Path) -> np.ndarray:
    feature = encoder.feature
    return scratch_column(folder, blocks, feature.dtype, (rows, *feature.shape))
