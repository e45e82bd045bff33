"""TF Serving's REST API, by urllib3."""

import json
import time
import urllib.parse

import urllib3

from kerasrec.client.metadata import read_metadata, read_status
from kerasrec.client.serving_error import ServingError, understood

LARGEST_ANSWER = 2**26
LONGEST_SENTENCE = 500
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
        self._pool = urllib3.PoolManager(maxsize=16)

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
        url, deadline = self._url + path, time.monotonic() + seconds
        try:
            response = self._pool.request(
                method,
                url,
                body=body,
                headers={"Content-Type": "application/json"} if body else {},
                timeout=urllib3.Timeout(total=seconds),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            status, text = response.status, _read(response, deadline)
        except urllib3.exceptions.NewConnectionError as error:
            raise ServingError(f"{url} cannot be reached: nobody listens", again=True) from error
        except urllib3.exceptions.TimeoutError as error:
            raise ServingError(f"{url} did not answer in time") from error
        except urllib3.exceptions.SSLError as error:
            raise ServingError(f"{url} has no certificate that is trusted: {error}") from error
        except urllib3.exceptions.HTTPError as error:
            raise ServingError(f"{url}: the connection was lost", again=True) from error
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
        except ValueError as error:
            raise ServingError(f"{url} did not answer with JSON", status) from error


def _read(response, deadline):
    """The body; bounded in size, and in time also where it comes in drops."""
    parts, size = [], 0
    try:
        while part := response.read1(2**16):
            parts.append(part)
            size += len(part)
            if size > LARGEST_ANSWER:
                raise ServingError(f"the answer is larger than {LARGEST_ANSWER >> 20} MiB")
            if time.monotonic() > deadline:
                raise ServingError("the answer did not end in time")
    except ServingError:
        response.close()
        raise
    response.release_conn()
    return b"".join(parts)


def _sentence(text, reason):
    try:
        said = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        said = None
    if not isinstance(said, str):
        said = reason or "the server gave no reason"
    return said if len(said) <= LONGEST_SENTENCE else said[:LONGEST_SENTENCE] + "..."
