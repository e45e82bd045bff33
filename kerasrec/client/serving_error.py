"""The one error for what a server did not answer."""

import contextlib

LONGEST_SENTENCE = 500
# What reading raises where something is missing, of another type, too large or too deep.
FORM = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class ServingError(RuntimeError):
    """A server refused, failed, or was not there in time.

    Args:
        message: The server's own sentence where there is one.
        status: HTTP's number (404), gRPC's name ("NOT_FOUND"), or None where no answer came.
        again: Whether the same request may be answered if it is asked again.
        wait: Seconds after which the server wants to be asked again, or None.

    What the caller gave wrong and the client could see is an `InputError` instead.

    >>> raise ServingError("Servable not found for request: Latest(hybrid)", status=404)
    Traceback (most recent call last):
        ...
    kerasrec.client.serving_error.ServingError: Servable not found for request: Latest(hybrid) (404)
    """

    def __init__(self, message, status=None, again=False, wait=None):
        super().__init__(message if status is None else f"{message} ({status})")
        self.message = message
        self.status = status
        self.again = again
        self.wait = wait


def cut(sentence):
    """A server's sentence as one can print it: not longer than a paragraph, no half characters."""
    sentence = sentence.encode(errors="replace").decode()
    return sentence if len(sentence) <= LONGEST_SENTENCE else sentence[:LONGEST_SENTENCE] + "..."


@contextlib.contextmanager
def understood(what, *errors):
    """Turns what goes wrong in reading an answer of another form into a `ServingError`.

    Args:
        what: What was asked.
        errors: Further exceptions that a reader raises.

    >>> with understood("predict"):
    ...     {}["outputs"]
    Traceback (most recent call last):
        ...
    kerasrec.client.serving_error.ServingError: the server did not answer predict as TF Serving does
    """
    try:
        yield
    except (*FORM, *errors) as error:
        raise ServingError(f"the server did not answer {what} as TF Serving does") from error
