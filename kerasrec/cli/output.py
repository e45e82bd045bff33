"""The output of a command: lines and tables for people, or one JSON object."""

import contextlib
import json
import sys
import textwrap

# A pipe has no width; 80 columns would fold the numbers.
PIPE = 100
CELL_MARGIN = 3  # columns between two cells; the end of a row takes one more


class Output:
    """Writes lines and tables to stdout, or one JSON object instead.

    Args:
        as_json: Write the JSON object and no lines or tables; notes still go to stderr.
    """

    def __init__(self, as_json=False):
        self.as_json = as_json

    def say(self, line=""):
        """A line for people."""
        if not self.as_json:
            print(line, flush=True)

    def sentence(self, text):
        """A long line for people, folded."""
        self.say(textwrap.fill(text, PIPE, break_on_hyphens=False))

    def note(self, line):
        """A line on stderr that is not part of the result, also with JSON."""
        print(line, file=sys.stderr, flush=True)

    def busy(self, text):
        """A context in which a terminal shows a spinner with a text and the seconds so far."""
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
        bar.add_task(text, total=None)
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
                # Brackets in a title are not markup.
                table.add_row(*(rich.text.Text(cell) for cell in row))
            self.table(table)

    def result(self, value):
        """The JSON object."""
        if self.as_json:
            print(json.dumps(value, indent=2, allow_nan=False), flush=True)


def _width():
    """The width of a table in columns, None for that of the terminal."""
    return None if sys.stdout.isatty() else PIPE


def _fitted(columns, rows, width):
    """The rows with their longest cells shortened, so that each is one line of `width`."""
    import rich.cells

    widths = [max(map(rich.cells.cell_len, column)) for column in zip(columns, *rows, strict=True)]
    while sum(widths) + CELL_MARGIN * len(widths) + 1 > width:
        widths[widths.index(max(widths))] -= 1
    return [[_shortened(*pair) for pair in zip(row, widths, strict=True)] for row in rows]


def _shortened(cell, width):
    """The start of a text, or both ends of a path or an id, which often differ at the end only."""
    import rich.cells

    if rich.cells.cell_len(cell) <= width:
        return cell
    tail = "" if " " in cell else cell[-(width // 2) :]
    while rich.cells.cell_len(tail) > width // 2:
        tail = tail[1:]
    head = rich.cells.set_cell_size(cell, width - 1 - rich.cells.cell_len(tail))
    return f"{head.rstrip()}…{tail}"
