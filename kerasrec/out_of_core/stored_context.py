"""The features of the requests of a prepared folder, as they were given."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.out_of_core.encoded_feature import EncodedFeature
from kerasrec.out_of_core.scratch_column import gathered, in_blocks, scratch_column


@dataclasses.dataclass(frozen=True, eq=False)
class StoredContext:
    """What a `GivenContext` is in memory: features from which a split learns how to encode them.

    Args:
        features: the arguments of `EncodedFeature.of` but for `missing`, by name.
        rows: of the folder, one for each of n impressions: a range, or int64 (n,).
        folder: where columns are written, as files without a name.
    """

    features: dict[str, dict[str, Any]]
    rows: Any
    folder: Path

    def select(self, index: Any) -> "StoredContext":
        """The impressions at these positions, which are a slice or whole numbers."""
        if isinstance(index, slice):
            rows = self.rows[index]
        elif isinstance(self.rows, range):
            blocks = (self.rows.start + self.rows.step * block for block in in_blocks(index))
            rows = scratch_column(self.folder, blocks, np.int64, (len(index),))
        else:
            rows = gathered(self.folder, self.rows, index)
        return dataclasses.replace(self, rows=rows)

    def learned_from(self, train: Any) -> tuple[dict[str, FeatureEncoder], dict[str, np.ndarray]]:
        """Encoders and columns (n, *feature.shape) by name, of all impressions.

        Args:
            train: the positions to learn from, or a mask of them.
        """
        train = np.asarray(train)
        train = np.flatnonzero(train) if train.dtype == bool else train
        encoders, columns = {}, {}
        for name, arguments in self.features.items():
            kept = self._of_rows(arguments["kept"])
            one = EncodedFeature.of(**{**arguments, "kept": kept}, missing=0, train=train)
            encoders[name], columns[name] = one.encoder, one.column
        return encoders, columns

    def _of_rows(self, kept: np.ndarray) -> np.ndarray:
        if isinstance(self.rows, range):
            return kept[self.rows.start : self.rows.stop : self.rows.step]
        return gathered(self.folder, kept, self.rows)
