"""Export: one SavedModel with strings as inputs and outputs, verified before it gets its name."""

from kerasrec.export.export import export as export
