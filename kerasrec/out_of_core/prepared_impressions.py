"""A folder that `prepare_impressions` has written."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.data.catalog import Catalog
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.impressions_report import ImpressionsReport
from kerasrec.data.interactions import Interactions
from kerasrec.data.past import Past, known_events
from kerasrec.data.read_impressions import both_sides, catalog_without_ids, check_times, no_ids
from kerasrec.data.read_labels import constant_label
from kerasrec.data.vocabulary import UNKNOWN
from kerasrec.data.wanted_columns import WantedColumns
from kerasrec.errors import InputError
from kerasrec.files.saved_json import read_json
from kerasrec.out_of_core.encoded_feature import EncodedFeature
from kerasrec.out_of_core.impressions_preparation import TYPES
from kerasrec.out_of_core.raw_column import RawColumn
from kerasrec.out_of_core.raw_feature import TYPES as FEATURE_TYPES
from kerasrec.out_of_core.scratch_column import in_blocks, scratch_column
from kerasrec.out_of_core.stored_context import StoredContext
from kerasrec.out_of_core.stored_impressions import StoredImpressions

FORMAT, KIND = 1, "impressions"
MANIFEST, COLUMNS = "manifest.json", "columns"


class PreparedImpressions:
    """The columns of a table of impressions on disk, in time order, not yet encoded.

    Args:
        folder: what `prepare_impressions` wrote.

    Attributes:
        manifest: what is in `manifest.json`.

    Raises:
        InputError: no such folder.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        path = self.folder / MANIFEST
        self.manifest = read_json(path) if path.is_file() else None
        if not isinstance(self.manifest, dict) or self.manifest.get("kind") != KIND:
            raise InputError(
                f"{folder}: no prepared impressions. `prepare_impressions` writes them."
            )
        if self.manifest.get("format") != FORMAT:
            raise InputError(
                f"{folder}: expected prepared impressions of format {FORMAT}. Remove the folder "
                "and prepare it again."
            )
        self.rows = self.manifest["rows"]

    def impressions(
        self,
        past: Interactions | None = None,
        *,
        crosses: Mapping[str, Mapping[str, Any]] | None = None,
        negative_rate: float = 1.0,
        name: str = "impressions",
        base: tuple[Catalog, Catalog] | None = None,
        encoders: Mapping[str, FeatureEncoder] | None = None,
        **tables: Any,
    ) -> StoredImpressions:
        """The impressions, with the rows and encoders that `Impressions.from_frame` gives.

        What is encoded is written to files without a name in the folder, which are gone when the
        impressions are.

        Args:
            past, crosses, negative_rate, name, base, encoders, tables: as of
                `Impressions.from_frame`; `tables` are the frames of users and items.

        Raises:
            InputError: as from `Impressions.from_frame`, or a folder that is damaged.
        """
        found, where = self.manifest, self.manifest["where"]
        wanted = WantedColumns.of(found["columns"], found["labels"], found["context"], encoders)
        fields: dict[str, Any] = {
            key: self._column(key, TYPES[key])
            for key in found["columns"]
            if key not in ("user", "item")
        }
        labels = enumerate(wanted.labels.columns)
        fields["labels"] = {
            name: self._column(f"label-{number}", np.float32) for number, name in labels
        }
        fields |= {"tasks": wanted.labels.tasks, "context": {}, "encoders": {}}
        notes, missing, given = [], {}, {}
        for feature, options in wanted.context.items():
            given[feature] = self._feature(feature, options, (encoders or {}).get(feature))
            one = EncodedFeature.of(**given[feature], missing=found["missing"][feature])
            fields["context"][feature], fields["encoders"][feature] = one.column, one.encoder
            missing[feature] = one.missing
            notes += [f"{feature}: {note}" for note in one.notes]
        if given:
            fields["given"] = (StoredContext(given, range(self.rows), self.folder),)
        counts = {}
        for side in both_sides(past, base, **tables):
            if side.kind not in found["columns"]:
                catalog, rows = catalog_without_ids(side, where), np.array([UNKNOWN], np.int32)
                codes, counts[side.kind] = np.broadcast_to(np.int8(0), self.rows), 1
                notes.append(no_ids(side.kind))
            else:
                ids = np.array(self._json(f"{side.kind}s"), dtype=object)
                catalog, _ = side.catalog(ids, where, "raise")
                codes, rows = self._column(side.kind, np.int32), catalog.vocabulary.rows(ids)
                counts[side.kind] = len(ids)
            fields[f"{side.kind}s"] = catalog
            fields[side.kind] = self._scratch(lambda block, r=rows: r[block], codes, np.int32)
        check_times(past, fields.get("timestamp"), where)
        if past is not None:
            fields["past"] = self._past(past, fields)
        fields["report"] = self._report(fields["labels"], counts, notes, missing)
        data = StoredImpressions(**fields, folder=self.folder, name=name)
        return data.with_crosses(crosses, negative_rate)

    def _feature(
        self, name: str, options: dict[str, Any], base: FeatureEncoder | None
    ) -> dict[str, Any]:
        kind, found = options["kind"], self.manifest
        if name not in found["context"]:
            raise InputError(
                f"{self.folder}: the feature {name!r} of an earlier model is not among those that "
                f"were prepared ({', '.join(found['context'])}): give it in context."
            )
        number = list(found["context"]).index(name)
        width = tuple(found["widths"][name])
        kept = self._column(f"context-{number}", FEATURE_TYPES.get(kind, np.int32), width)
        texts = None if kind in FEATURE_TYPES else self._json(f"context-{number}")
        about = {"name": name, "options": options, "base": base, "folder": self.folder}
        return {**about, "kept": kept, "texts": texts}

    def _past(self, events: Interactions, fields: Mapping[str, Any]) -> Past:
        """Where each row stands in the events of its user; the places are files."""
        histories = events.histories().for_keys(len(fields["users"]))
        user, time = fields["user"], fields["timestamp"]
        first = self._scratch(lambda block: histories.indptr[block], user, np.int64)
        stop = (
            known_events(histories, one, other)[1]
            for one, other in zip(in_blocks(user), in_blocks(time), strict=True)
        )
        stop = scratch_column(self.folder, stop, np.int64, (self.rows,))
        return Past(histories, first, stop, events.behaviors)

    def _report(
        self,
        labels: Mapping[str, np.ndarray],
        counts: Mapping[str, int],
        notes: list[str],
        missing: Mapping[str, int],
    ) -> ImpressionsReport:
        means, absent = {}, {}
        for name, values in labels.items():
            real = [block[~np.isnan(block)] for block in in_blocks(values)]
            known = sum(map(len, real))
            total = sum(float(block.sum(dtype="float64")) for block in real)
            means[name] = total / known if known else None
            if known < self.rows:
                absent[name] = self.rows - known
            if (problem := constant_label(name, values)) is not None:
                notes.append(f"{problem}: there is nothing to learn from it.")
        return ImpressionsReport(
            rows_read=self.manifest["rows_read"],
            impressions=self.rows,
            requests=self.manifest["requests"],
            users=counts["user"],
            items=counts["item"],
            labels=means,
            missing_labels=absent,
            dropped=dict(self.manifest["dropped"]),
            missing_features={name: count for name, count in missing.items() if count},
            notes=notes,
        )

    def _column(self, name: str, dtype: Any, width: tuple[int, ...] = ()) -> np.ndarray:
        path = self.folder / COLUMNS / f"{name}.bin"
        return RawColumn(path, dtype, width).values(self.rows)

    def _scratch(self, change: Callable, column: np.ndarray, dtype: Any) -> np.ndarray:
        return scratch_column(self.folder, map(change, in_blocks(column)), dtype, (self.rows,))

    def _json(self, name: str) -> Any:
        path = self.folder / f"{name}.json"
        return json.loads(path.read_text(encoding="utf-8"))
