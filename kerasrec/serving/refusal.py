"""A request that is not answered, with a status code of gRPC and its sentence."""

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
# Of absl::StatusCode, which TensorFlow's C API returns.
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
# tensorflow_serving/model_servers/grpc_status_util.cc cuts messages there, in bytes.
LONGEST = 1024


class Refusal(Exception):
    """Why a request is not answered.

    Args:
        code: Name of a gRPC status code, such as "INVALID_ARGUMENT".
        message: A sentence for the one who asked. What it repeats of a request may be too long, or
            no text that can be sent: it is cut, and halves of surrogate pairs are spelled out.

    Attributes:
        http: The HTTP status that TF Serving's REST gives this code; 413 and the like where given.

    >>> Refusal("NOT_FOUND", "no such model").http
    404
    """

    def __init__(self, code, message, http=None):
        encoded = message.encode(errors="backslashreplace")
        message = encoded[:LONGEST].decode(errors="ignore")
        message += "...TRUNCATED" if len(encoded) > LONGEST else ""
        super().__init__(message)
        self.code, self.message, self.http = code, message, http or HTTP.get(code, 500)


def invalid(message):
    """A `Refusal` of what the request holds."""
    return Refusal("INVALID_ARGUMENT", message)
