"""TF Serving's REST API, by urllib3."""

import http.client
import json
import ssl
import urllib.parse

import urllib3

from kerasrec.client.deadline import connections, is_over, within
from kerasrec.client.metadata import read_metadata, read_status
from kerasrec.client.serving_error import ServingError, cut, understood

LARGEST_ANSWER = 2**26
AGAIN = (429, 503)


class RestTransport:
    """Asks one model of a server; safe to use from many threads.

    Redirects are not followed, and proxies of the environment are not used. Source:
    tensorflow/serving, g3doc/api_rest.md and util/json_tensor.cc.

    Args:
        url: `http://host:port` or `https://host:port`, with or without a path before `/v1`.
        model: Name of the model.
        version: A number, a label, or None for the newest.
    """

    def __init__(self, url, model, version=None):
        self._url = f"{url.rstrip('/')}/v1/models/{urllib.parse.quote(model, safe='')}"
        if version is not None:
            kind = "versions" if isinstance(version, int) else "labels"
            self._url += f"/{kind}/{urllib.parse.quote(str(version), safe='')}"
        self._pool = connections(secure=url.startswith("https:"))

    def predict(self, name, signature, inputs, seconds):
        """Outputs by name, as lists; `inputs` are lists by name."""
        body = json.dumps({"signature_name": name, "inputs": inputs}).encode()
        answer = self._ask("POST", ":predict", body, seconds)
        with understood(name):
            outputs = answer["outputs"]
        # Of a signature with one output the server sends the values alone.
        return outputs if isinstance(outputs, dict) else dict.fromkeys(signature.outputs, outputs)

    def metadata(self, seconds):
        answer = self._ask("GET", "/metadata", None, seconds)
        with understood("metadata"):
            return read_metadata(answer)

    def status(self, seconds):
        answer = self._ask("GET", "", None, seconds)
        with understood("status"):
            return read_status(answer)

    def close(self):
        self._pool.clear()

    def _ask(self, method, path, body, seconds):
        url = self._url + path
        with within(seconds):
            response, text = self._exchange(method, url, body)
        status = response.status
        if status != 200:
            wait = response.headers.get("Retry-After", "")
            raise ServingError(
                _sentence(text, response.reason),
                status,
                again=status in AGAIN,
                wait=float(wait) if wait.isdecimal() else None,
            )
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ServingError(f"{url} did not answer with JSON", status) from error

    def _exchange(self, method, url, body):
        try:
            response = self._pool.request(
                method,
                url,
                body=body,
                headers={"Content-Type": "application/json"} if body else {},
                retries=False,
                redirect=False,
                preload_content=False,
                # Nothing packed was asked for: a few bytes of it may be a very large answer.
                decode_content=False,
            )
            return response, _read(response)
        except urllib3.exceptions.HTTPError as error:
            raise _failed(url, error) from error


def _read(response):
    """The body, bounded in size."""
    parts, size = [], 0
    try:
        while part := response.read1(2**16):
            parts.append(part)
            size += len(part)
            if size > LARGEST_ANSWER:
                raise ServingError(f"the answer is larger than {LARGEST_ANSWER >> 20} MiB")
    except BaseException:
        response.close()
        raise
    response.release_conn()
    return b"".join(parts)


def _failed(url, error):
    if is_over():
        return ServingError(f"{url} did not answer in time")
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return ServingError(f"{url} cannot be reached: nobody listens", again=True)
    if isinstance(error, urllib3.exceptions.SSLError):
        if isinstance(error.args[0], ssl.SSLCertVerificationError):
            return ServingError(f"{url} has no certificate that is trusted: {error}")
        return ServingError(f"{url} does not speak TLS as this client does: {error}")
    # What broke off may be whole the next time; what is no HTTP stays none.
    cause = error.args[-1] if error.args else None
    if isinstance(cause, OSError | http.client.IncompleteRead):
        return ServingError(f"{url}: the connection was lost", again=True)
    return ServingError(f"{url} did not answer with HTTP")


def _sentence(text, reason):
    try:
        said = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        said = None
    if not isinstance(said, str):
        said = reason or "the server gave no reason"
    return cut(said)
