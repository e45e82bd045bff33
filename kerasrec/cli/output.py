"""What a command says: tables for people, one JSON object for machines."""

import json
import sys


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

    def table(self, table):
        """A `rich` table for people."""
        if not self.as_json:
            import rich.console

            # A pipe has no width; 80 columns would fold the numbers.
            width = None if sys.stdout.isatty() else 120
            rich.console.Console(width=width).print(table)

    def rows(self, columns, rows, title=None):
        """A table from its column names and rows of cells."""
        if not self.as_json:
            import rich.box
            import rich.table

            table = rich.table.Table(
                *columns, title=title, title_justify="left", box=rich.box.SIMPLE
            )
            for row in rows:
                table.add_row(*(str(cell) for cell in row))
            self.table(table)

    def result(self, value):
        """The JSON object."""
        if self.as_json:
            print(json.dumps(value, indent=2, allow_nan=False), flush=True)
