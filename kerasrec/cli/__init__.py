"""The `kerasrec` command; one file a subcommand."""

from kerasrec.cli.main import main as main
