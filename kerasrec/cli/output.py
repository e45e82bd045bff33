"""What a command says: tables for people, one JSON object for machines."""

import contextlib
import json
import sys

# A pipe has no width; 80 columns would fold the numbers.
PIPE = 100
AROUND = 3  # columns that a table takes beside those of a cell, and one more at its end


class Output:
    """Writes lines and tables to stdout for people, or one JSON object there for machines.

    Args:
        as_json: Machines read it: lines and tables are left out, notes still go to stderr.
    """

    def __init__(self, as_json=False):
        self.as_json = as_json

    def say(self, line=""):
        """A line for people."""
        if not self.as_json:
            print(line, flush=True)

    def note(self, line):
        """A line that is no result: on stderr, for everybody."""
        print(line, file=sys.stderr, flush=True)

    def busy(self, what):
        """A block in which people at a terminal see that something is done, and for how long."""
        if self.as_json or not sys.stderr.isatty():
            return contextlib.nullcontext()
        import rich.console
        import rich.progress

        columns = (rich.progress.SpinnerColumn(), "{task.description}")
        bar = rich.progress.Progress(
            *columns,
            rich.progress.TimeElapsedColumn(),
            console=rich.console.Console(stderr=True),
            transient=True,
        )
        bar.add_task(what, total=None)
        return bar

    def table(self, table):
        """A `rich` table for people."""
        if not self.as_json:
            import rich.console

            rich.console.Console(width=_width()).print(table)

    def rows(self, columns, rows, title=None):
        """A table from its column names and rows of cells."""
        if not self.as_json:
            import rich.box
            import rich.table
            import rich.text

            table = rich.table.Table(
                *columns, title=title, title_justify="left", box=rich.box.SIMPLE
            )
            cells = [[str(cell) for cell in row] for row in rows]
            if _width():
                cells = _fitted(columns, cells, _width())
            for row in cells:
                # A title may hold what rich takes for markup.
                table.add_row(*(rich.text.Text(cell) for cell in row))
            self.table(table)

    def result(self, value):
        """The JSON object."""
        if self.as_json:
            print(json.dumps(value, indent=2, allow_nan=False), flush=True)


def _width():
    """Columns of a table, None for those of the terminal."""
    return None if sys.stdout.isatty() else PIPE


def _fitted(columns, rows, width):
    """The rows with their longest cells shortened, so that each is one line of `width`."""
    import rich.cells

    widths = [max(map(rich.cells.cell_len, column)) for column in zip(columns, *rows, strict=True)]
    while sum(widths) + AROUND * len(widths) + 1 > width:
        widths[widths.index(max(widths))] -= 1
    return [[_shortened(*pair) for pair in zip(row, widths, strict=True)] for row in rows]


def _shortened(cell, width):
    """The start of a text, or both ends of a path or an id: what tells them apart is at the end."""
    import rich.cells

    if rich.cells.cell_len(cell) <= width:
        return cell
    tail = "" if " " in cell else cell[-(width // 2) :]
    while rich.cells.cell_len(tail) > width // 2:
        tail = tail[1:]
    head = rich.cells.set_cell_size(cell, width - 1 - rich.cells.cell_len(tail))
    return f"{head.rstrip()}…{tail}"
