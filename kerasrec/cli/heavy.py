"""Imports Keras and TensorFlow without their messages on the terminal."""

import contextlib
import logging
import os


@contextlib.contextmanager
def quiet_start():
    """Hides what TensorFlow's C++ code prints to stderr while it is imported.

    Exceptions pass; the caller prints them after the block.
    """
    # They are printed before a log level applies, so the file descriptor is replaced.
    saved = os.dup(2)
    silent = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silent, 2)
        yield
        # TensorFlow's Python code warns when several models are compiled, which is normal here.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(silent)


def import_keras():
    """Imports Keras quietly."""
    with quiet_start():
        import keras  # noqa: F401
