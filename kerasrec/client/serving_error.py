"""The error of a request that a server did not answer."""

import contextlib

MAX_LENGTH = 500  # characters of a message
# Exceptions of reading an answer with a missing, wrong, too large or too deeply nested value.
FORMAT_ERRORS = (
    ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip


class ServingError(RuntimeError):
    """A server refused a request, failed, or did not answer in time.

    An invalid argument that the client can detect is an `InputError` instead.

    Args:
        message: The server's message if there is one.
        status: HTTP status (404), gRPC status name ("NOT_FOUND"), or None without an answer.
        again: Whether a retry of the same request may succeed.
        wait: Seconds to wait before a retry, as requested by the server, or None.

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


def shorten(message):
    """Cuts a server's message to a paragraph and replaces unpaired surrogates."""
    message = message.encode(errors="replace").decode()
    return message if len(message) <= MAX_LENGTH else message[:MAX_LENGTH] + "..."


@contextlib.contextmanager
def expect_format(what, *errors):
    """Context manager: turns errors in reading an answer into a `ServingError`.

    Args:
        what: Name of the request, for the message.
        errors: Further exceptions that the reader may raise.

    >>> with expect_format("predict"):
    ...     {}["outputs"]
    Traceback (most recent call last):
        ...
    kerasrec.client.serving_error.ServingError: the server did not answer predict as TF Serving does
    """
    try:
        yield
    except (*FORMAT_ERRORS, *errors) as error:
        raise ServingError(f"the server did not answer {what} as TF Serving does") from error
