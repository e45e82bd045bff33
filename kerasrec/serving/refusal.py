"""The error of a refused request: a gRPC status code and a message."""

# tensorflow_serving/model_servers/http_server.cc: ToHTTPStatusCode.
HTTP = {
    "CANCELLED": 499,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
}
# absl::StatusCode, as TensorFlow's C API returns it.
CODES = {
    1: "CANCELLED",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    11: "OUT_OF_RANGE",
    14: "UNAVAILABLE",
}
# Messages are cut to this many bytes, as in tensorflow_serving/model_servers/grpc_status_util.cc.
MAX_BYTES = 1024


class Refusal(Exception):
    """A request is refused.

    Args:
        code: Name of a gRPC status code, such as "INVALID_ARGUMENT".
        message: A message for the client. A long message is cut, and unpaired surrogates are
            escaped.
        http: HTTP status; None for the status that TF Serving's REST gives `code`.

    Attributes:
        code, message, http: As above.

    >>> Refusal("NOT_FOUND", "no such model").http
    404
    """

    def __init__(self, code, message, http=None):
        encoded = message.encode(errors="backslashreplace")
        message = encoded[:MAX_BYTES].decode(errors="ignore")
        message += "...TRUNCATED" if len(encoded) > MAX_BYTES else ""
        super().__init__(message)
        self.code, self.message, self.http = code, message, http or HTTP.get(code, 500)


def invalid(message):
    """Makes a `Refusal` with the code INVALID_ARGUMENT."""
    return Refusal("INVALID_ARGUMENT", message)
