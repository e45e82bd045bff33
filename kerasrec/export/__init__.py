"""Export: one SavedModel, strings in and strings out, checked before it is handed over."""

from kerasrec.export.export import export as export
