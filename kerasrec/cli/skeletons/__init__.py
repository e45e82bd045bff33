"""The smallest model of each shape: what `kerasrec new-model` writes, with a name of its own."""
