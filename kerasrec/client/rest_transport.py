"""Requests over TF Serving's REST API, by urllib3."""

import http.client
import json
import ssl
import urllib.parse

import urllib3

from kerasrec.client.deadline import connections, is_over, within
from kerasrec.client.metadata import read_metadata, read_status
from kerasrec.client.serving_error import ServingError, expect_format, shorten

MAX_ANSWER_BYTES = 2**26
RETRY_STATUSES = (429, 503)


class RestTransport:
    """Sends requests for one model over REST; thread-safe.

    Redirects are not followed, and proxies of the environment are not used. Source:
    tensorflow/serving, g3doc/api_rest.md and util/json_tensor.cc.

    Args:
        url: `http://host:port` or `https://host:port`, with or without a path before `/v1`.
        model: Name of the model.
        version: A number, a label, or None for the newest.
    """

    def __init__(self, url, model, version=None):
        self._server = url.rstrip("/")
        self._url = f"{self._server}/v1/models/{urllib.parse.quote(model, safe='')}"
        if version is not None:
            kind = "versions" if isinstance(version, int) else "labels"
            self._url += f"/{kind}/{urllib.parse.quote(str(version), safe='')}"
        self._pool = connections(secure=url.startswith("https:"))

    def predict(self, name, signature, inputs, seconds, request_id=None):
        """Runs a signature; `inputs` and the returned outputs are dicts of name to lists."""
        body = json.dumps({"signature_name": name, "inputs": inputs}).encode()
        headers = {} if request_id is None else {"X-Request-ID": request_id}
        answer = self._send("POST", f"{self._url}:predict", body, seconds, headers)
        with expect_format(name):
            outputs = answer["outputs"]
        # For a signature with one output the server sends the values without the name.
        return outputs if isinstance(outputs, dict) else dict.fromkeys(signature.outputs, outputs)

    def metadata(self, seconds):
        answer = self._send("GET", f"{self._url}/metadata", None, seconds)
        with expect_format("metadata"):
            return read_metadata(answer)

    def status(self, seconds):
        answer = self._send("GET", self._url, None, seconds)
        with expect_format("status"):
            return read_status(answer)

    def log_events(self, events, seconds):
        """Stores a list of events, dicts as `read_event` takes them; returns when they are."""
        body = json.dumps({"events": events}).encode()
        self._send("POST", f"{self._server}/v1/events", body, seconds)

    def close(self):
        self._pool.clear()

    def _send(self, method, url, body, seconds, headers=None):
        with within(seconds):
            response, text = self._exchange(method, url, body, headers or {})
        status = response.status
        if status != 200:
            wait = response.headers.get("Retry-After", "")
            raise ServingError(
                _error_message(text, response.reason),
                status,
                again=status in RETRY_STATUSES,
                wait=float(wait) if wait.isdecimal() else None,
            )
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ServingError(f"{url} did not answer with JSON", status) from error

    def _exchange(self, method, url, body, headers):
        try:
            response = self._pool.request(
                method,
                url,
                body=body,
                headers={"Content-Type": "application/json", **headers} if body else headers,
                retries=False,
                redirect=False,
                preload_content=False,
                # A few compressed bytes may be a very large answer; compression is not requested.
                decode_content=False,
            )
            return response, _read(response)
        except urllib3.exceptions.HTTPError as error:
            raise _as_serving_error(url, error) from error


def _read(response):
    """Reads the body up to a maximum size."""
    parts, size = [], 0
    try:
        while part := response.read1(2**16):
            parts.append(part)
            size += len(part)
            if size > MAX_ANSWER_BYTES:
                raise ServingError(f"the answer is larger than {MAX_ANSWER_BYTES >> 20} MiB")
    except BaseException:
        response.close()
        raise
    response.release_conn()
    return b"".join(parts)


def _as_serving_error(url, error):
    if is_over():
        return ServingError(f"{url} did not answer in time")
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return ServingError(f"{url} cannot be reached: no server listens", again=True)
    if isinstance(error, urllib3.exceptions.SSLError):
        if isinstance(error.args[0], ssl.SSLCertVerificationError):
            return ServingError(f"{url} has no trusted certificate: {error}")
        return ServingError(f"the TLS handshake with {url} failed: {error}")
    # A lost connection is worth a retry; an answer that is not HTTP is not.
    cause = error.args[-1] if error.args else None
    if isinstance(cause, OSError | http.client.IncompleteRead):
        return ServingError(f"{url}: the connection was lost", again=True)
    return ServingError(f"{url} did not answer with HTTP")


def _error_message(text, reason):
    try:
        message = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        message = None
    if not isinstance(message, str):
        message = reason or "the server gave no reason"
    return shorten(message)
