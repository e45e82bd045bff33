"""Asks TF Serving, or `kerasrec serve`, for recommendations."""

import numbers
import warnings

from kerasrec.client.address import read_address
from kerasrec.client.attempts import Attempts
from kerasrec.client.query import columns
from kerasrec.client.recommendation import read_answer
from kerasrec.client.request import Request, texts
from kerasrec.client.rest_transport import RestTransport
from kerasrec.client.serving_error import ServingError, understood
from kerasrec.client.typed import listed, number
from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number

DEFAULT_K = 10
LARGEST_K, LARGEST_VERSION = 2**31 - 1, 2**63 - 1  # as TF Serving's messages hold them
LONGEST = 86_400.0


class Client:
    """A model that a server holds, with the names of `Recommender`.

    One client may be used from many threads. It asks the server once what the model can do, and
    again after a request that was refused. Neither Keras nor TensorFlow is imported for REST.

    Args:
        url: `http://host:8501` or `https://...` for REST, `grpc://host:8500` or `grpcs://...` for
            gRPC.
        model: Name of the model.
        version: A version number, a label that the server gives to one, or None for the newest.
        timeout: Seconds for a call, with all its tries, however its answer arrives; at most a day.
        retries: Tries after the first, where nobody answered or the server said that it has no
            time (429, 503, UNAVAILABLE); never where it refused.

    Raises:
        InputError: for what the model cannot do or what is not of the right kind; nothing was sent.
        ServingError: for what the server refused or did not answer.

    Example:

        with kerasrec.Client("http://localhost:8501", model="hybrid") as client:
            for answer in client.recommend(history=["book-17", "book-4"], k=5, explain=True):
                print(answer.item, answer.score, [reason.item for reason in answer.reasons])
    """

    def __init__(self, url, model, version=None, timeout=10.0, retries=2):
        scheme, rest = read_address(url)
        self._model, self._timeout = _named(model, "model"), _seconds(timeout)
        version = _version(version)
        self._retries = whole_number(retries, "retries", 0)
        self._metadata, self._closed = None, False
        if scheme.startswith("http"):
            self._transport = RestTransport(url, model, version)
        else:
            from kerasrec.client.grpc_transport import GrpcTransport

            self._transport = GrpcTransport(rest, model, version, secure=scheme == "grpcs")

    def recommend(
        self,
        user=None,
        history=None,
        k=None,
        exclude=(),
        allow=None,
        repeats=None,
        explain=False,
        *,
        users=None,
        histories=None,
        behavior=None,
        behaviors=None,
        timestamp=None,
        timestamps=None,
    ):
        """The k best items for one user or history, or for many.

        Args:
            user, users: External user ids.
            history, histories: External item ids in time order, the latest last. A user without
                one is answered from the history stored in the export.
            k: Items to return, at most the number fixed at export; None for 10, or with a warning
                for that number where it is smaller.
            exclude: Item ids that nobody is shown.
            allow: Item ids of which alone the answer may consist; None for all.
            repeats: "mask" leaves out what is in the history, "allow" does not; None does what the
                export says.
            explain: Also say what the score rests on: True, or how many reasons.
            behavior, behaviors, timestamp, timestamps: What was done at each item of the history,
                and when (seconds since 1970), for models that read it.

        Returns:
            A list of `Recommendation`, best first, for one; a list of such lists for many.
        """
        request = Request(
            user, users, history, histories, behavior, behaviors, timestamp, timestamps
        )
        given = {**request.columns, **self._choice(request.rows, exclude, allow)}
        reasons = None if explain is True else whole_number(explain or 0, "explain", 0)
        if repeats not in (None, "mask", "allow"):
            raise InputError(f"repeats must be mask or allow: got {repeats!r}")
        if repeats is not None:
            given["repeats"] = [repeats] * request.rows
        name = "recommend_explained" if explain else "recommend"
        outputs = self._predict(name, request.rows, given, _asked(k), cut=k is None)
        with understood(name):
            answers = read_answer(outputs, reasons)
        return self._of(request, [answer[: _asked(k)] for answer in answers])

    def score(
        self,
        user=None,
        history=None,
        item=None,
        *,
        users=None,
        histories=None,
        items=None,
        behavior=None,
        behaviors=None,
        timestamp=None,
        timestamps=None,
    ):
        """Scores of items for users or histories; see `recommend`.

        Args:
            item: One item id, for one user or history.
            items: Item ids: any number for one user or history, else one for each.

        Returns:
            A float for `item`, a list of floats for `items`.
        """
        request = Request(
            user, users, history, histories, behavior, behaviors, timestamp, timestamps
        )
        if (item is None) == (items is None) or (item is not None and not request.single):
            raise InputError("give one item for one user or history, or items")
        asked = texts([item] if items is None else items, "items")
        if request.single:
            given = {name: values * len(asked) for name, values in request.columns.items()}
        elif len(asked) == request.rows:
            given = request.columns
        else:
            raise InputError(
                f"score takes one item for each query: {request.rows} queries, {len(asked)} items"
            )
        if not asked:
            return []
        outputs = self._predict("score", len(asked), {**given, "item": asked})
        with understood("score"):
            scores = [number(score) for score in outputs["score"]]
        return scores[0] if items is None else scores

    def similar_items(self, item=None, k=None, exclude=(), allow=None, *, items=None):
        """The k items nearest to one item, or to each of many, never the item itself.

        Returns:
            A list of `Recommendation`, best first, for `item`; a list of such lists for `items`.
        """
        if (item is None) == (items is None):
            raise InputError("give an item or items")
        asked = texts([item] if items is None else items, "items")
        if not asked:
            return []
        given = {"item": asked, **self._choice(len(asked), exclude, allow)}
        outputs = self._predict("similar_items", len(asked), given, _asked(k), cut=k is None)
        with understood("similar_items"):
            answers = [answer[: _asked(k)] for answer in read_answer(outputs)]
        return answers[0] if items is None else answers

    def metadata(self):
        """`Metadata`: the version that answers and the signatures it has, asked anew."""
        self._metadata = self._attempts().run(self._transport.metadata)
        return self._metadata

    def status(self):
        """A list of `VersionStatus`, the newest version first."""
        return self._attempts().run(self._transport.status)

    def close(self):
        """Closes the connections; nothing is asked any more."""
        self._closed = True
        self._transport.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _attempts(self):
        if self._closed:
            raise InputError("this client is closed: make a new one")
        return Attempts(self._timeout, self._retries)

    def _choice(self, rows, exclude, allow):
        choice = {"exclude": texts(() if exclude is None else exclude, "exclude", ordered=False)}
        if allow is not None:
            choice["allow"] = texts(allow, "allow", ordered=False)
            if not any(choice["allow"]):
                raise InputError("allow holds no item: nothing to recommend")
        return {name: [ids] * rows for name, ids in choice.items() if ids}

    def _predict(self, name, rows, given, k=None, cut=False):
        attempts = self._attempts()
        metadata = self._metadata or attempts.run(self._transport.metadata)
        self._metadata = metadata
        if name not in metadata.signatures:
            raise InputError(
                f"model {self._model!r} has no signature {name!r}: it has "
                f"{', '.join(sorted(metadata.signatures))}"
            )
        signature = metadata.signatures[name]
        if k is not None and "k" in signature.inputs:
            given = {**given, "k": [k] * rows}
        inputs = columns(signature, rows, given)
        try:
            outputs = attempts.run(
                lambda seconds: self._transport.predict(name, signature, inputs, seconds)
            )
        except ServingError:
            # It may be another version by now, with other signatures.
            self._metadata = None
            raise
        with understood(name):
            for each in {*signature.outputs, *outputs}:
                if len(listed(outputs[each])) != rows:
                    raise ServingError(f"the server did not answer all {rows} rows of {name}")
            # An answer is as wide as what was asked, or as the export allows.
            width = k if k is None else len(listed(outputs["item"][0]))
            if width == 0:
                raise ServingError(f"the server answered {name} with no place for an item")
        if k is not None and k > width and cut:
            note = f"the export answers with {width} items at most: k is {width}, not {k}"
            warnings.warn(note, stacklevel=3)
        elif k is not None and k > width:
            raise InputError(f"k must be at most {width}, which was fixed at export: got {k}")
        return outputs

    def _of(self, request, answers):
        return answers[0] if request.single else answers


def _asked(k):
    return DEFAULT_K if k is None else whole_number(k, "k", 1, LARGEST_K)


def _named(name, what):
    try:
        if name and isinstance(name, str) and name.encode():
            return name
    except UnicodeEncodeError:
        pass
    raise InputError(f"{what} must be the name of a {what} on the server: got {name!r}")


def _version(version):
    if version is None or isinstance(version, str):
        return version if version is None else _named(version, "version")
    return whole_number(version, "version", 0, LARGEST_VERSION)


def _seconds(timeout):
    known = isinstance(timeout, numbers.Real) and not isinstance(timeout, bool)
    if known and 0 < timeout <= LONGEST:
        return float(timeout)
    raise InputError(
        f"timeout must be seconds above 0 and at most {LONGEST:,.0f}, a day: got {timeout!r}"
    )
