"""Keras and TensorFlow, imported without their greetings."""

import contextlib
import logging
import os


@contextlib.contextmanager
def quiet_start():
    """Keeps what TensorFlow's C++ prints while it is imported away from the terminal.

    Exceptions pass as ever; they are printed by the caller, after the block.
    """
    # The messages come before any log level holds: only the file descriptor stops them.
    saved = os.dup(2)
    silent = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silent, 2)
        yield
        # Its Python side warns when several models are compiled, which is what we do.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(silent)


def import_keras():
    """Imports Keras quietly."""
    with quiet_start():
        import keras  # noqa: F401
