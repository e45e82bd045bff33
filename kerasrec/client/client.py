"""The client of TF Serving and `kerasrec serve`."""

import warnings

from kerasrec.client.address import read_address
from kerasrec.client.client_arguments import (
    check_name,
    check_request_id,
    check_timeout,
    check_version,
)
from kerasrec.client.event_buffer import EventBuffer
from kerasrec.client.item_inputs import limits, wishes
from kerasrec.client.json_values import as_list, as_number, as_text, as_whole
from kerasrec.client.new_event import new_event
from kerasrec.client.profile import item_weights, read_profile
from kerasrec.client.recommendation import read_answer
from kerasrec.client.request import Request, texts
from kerasrec.client.rest_transport import RestTransport
from kerasrec.client.served_model import ServedModel
from kerasrec.client.serving_error import expect_format
from kerasrec.errors import InputError
from kerasrec.search_words import check_search, search_notes
from kerasrec.whole_number import whole_number

DEFAULT_K = 10
MAX_K = 2**31 - 1  # int32 in TF Serving's messages
MOST_VALUES = 10  # of a feature in a profile of an export


class Client:
    """A client of one served model; its methods have the names of `Recommender`.

    It is thread-safe. It reads the signatures of the model before the first request, and again
    after a refused one. REST imports neither Keras nor TensorFlow.

    Args:
        url: `http://host:8501` or `https://...` for REST, `grpc://host:8500` or `grpcs://...` for
            gRPC.
        model: Name of the model.
        version: A version number, a version label, or None for the newest.
        timeout: Seconds for a call with all its attempts, at most a day.
        retries: Attempts after the first, if the server did not answer or is busy (429, 503,
            UNAVAILABLE); a refused request is not retried.

    Raises:
        InputError: for an invalid argument, or a method that the model does not support; nothing is
            sent then.
        ServingError: if the server refuses a request or does not answer.

    Example:

        with kerasrec.Client("http://localhost:8501", model="hybrid") as client:
            for answer in client.recommend(history=["book-17", "book-4"], k=5, explain=True):
                print(answer.item, answer.score, [reason.item for reason in answer.reasons])
    """

    def __init__(self, url, model, version=None, timeout=10.0, retries=2):
        scheme, rest = read_address(url)
        model, version = check_name(model, "model"), check_version(version)
        timeout, retries = check_timeout(timeout), whole_number(retries, "retries", 0)
        if scheme.startswith("http"):
            transport = RestTransport(url, model, version)
        else:
            from kerasrec.client.grpc_transport import GrpcTransport

            transport = GrpcTransport(rest, model, version, secure=scheme == "grpcs")
        self._name, self._timeout, self._transport = model, timeout, transport
        self._model = ServedModel(transport, model, timeout, retries)
        log = getattr(transport, "log_events", None)
        self._events = EventBuffer(log, timeout) if log else None

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
        value=None,
        values=None,
        context=None,
        user_features=None,
        pin=(),
        boost=None,
        probabilities=False,
        request_id=None,
    ):
        """Returns the k best items for one user or history, or for many.

        Args:
            user, users: External user ids.
            history, histories: External item ids in time order, the latest last. For a user
                without one the history stored in the export is used.
            k: Number of items, at most the number fixed at export; None for 10, or for the number
                fixed at export if that is smaller, with a warning.
            exclude: Item ids that are never returned.
            allow: The only item ids that may be returned; None for all.
            repeats: "mask" excludes items of the history, "allow" does not; None for the default of
                the export.
            explain: Also return reasons for the score: True for all, or their maximum number.
            behavior, behaviors, timestamp, timestamps: Behavior and time (seconds since 1970) of
                each item of the history, for models that read them.
            value, values: The rating of each item of the history, for models that read them; None
                for an item without.
            context: Features of the request by name, for models that read them: for one user or
                history a value of each, `{"hour": 9, "price": 3.5}`; for many a list with a value
                for each, or one value for all. A feature not given is missing. Times are whole
                seconds since 1970.
            user_features: Features of the users by name, in the same form, for models that read
                them: they answer somebody whom the export does not know, alone or beside a history.
                What is given is read in place of what is stored; what is missing is that of the
                stored user.
            pin, boost: For a model with rules: item ids that come first, in this order, and a dict
                of item ids to factors of their relevance; see docs/reranking.md.
            probabilities: Also return `probability`, for models whose scores are logits of labels.
            request_id: An id of yours, over REST: a server with `--log-impressions` logs what it
                answers under it, and `log_event` takes it.

        Returns:
            A list of `Recommendation`, best first, for one; a list of such lists for many.
        """
        request = Request(
            user,
            users,
            history,
            histories,
            behavior,
            behaviors,
            timestamp,
            timestamps,
            value,
            values,
        )
        given = {**request.columns, **limits(request.rows, exclude, allow)}
        given |= wishes(request.rows, pin, boost)
        reasons = None if explain is True else whole_number(explain or 0, "explain", 0)
        if repeats not in (None, "mask", "allow"):
            raise InputError(f"repeats must be mask or allow: got {repeats!r}")
        if repeats is not None:
            given["repeats"] = [repeats] * request.rows
        name = "recommend_explained" if explain else "recommend"
        if probabilities:
            self._model.check_probabilities(name)
        of = {"context": context, "user_features": user_features, "single": request.single}
        of["request_id"] = check_request_id(request_id)
        outputs = self._model.predict(name, request.rows, given, _check_k(k), k is None, **of)
        if not probabilities:
            outputs = {key: x for key, x in outputs.items() if key != "probability"}
        with expect_format(name):
            answers = read_answer(outputs, reasons)
        answers = [answer[: _check_k(k)] for answer in answers]
        return answers[0] if request.single else answers

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
        value=None,
        values=None,
        context=None,
        user_features=None,
        tasks=False,
        probabilities=False,
    ):
        """Returns scores of items for users or histories; see `recommend`.

        Args:
            item: One item id, for one user or history.
            items: Item ids: any number for one user or history, one for each of many.
            context, user_features: As in `recommend`; those of one user or history hold for all
                items.
            tasks: Also return what each task predicts, such as the probability of a click, for
                models that learn several.
            probabilities: Return probabilities instead of scores, for models whose scores are
                logits of labels.

        Returns:
            A float for `item`, a list of floats for `items`. With `tasks` a dict of such, by
            "score" and the name of each task.
        """
        request = Request(
            user,
            users,
            history,
            histories,
            behavior,
            behaviors,
            timestamp,
            timestamps,
            value,
            values,
        )
        if (item is None) == (items is None) or (item is not None and not request.single):
            raise InputError("give one item for one user or history, or items")
        ids = texts([item] if items is None else items, "items")
        if request.single:
            given = {name: values * len(ids) for name, values in request.columns.items()}
        elif len(ids) == request.rows:
            given = request.columns
        else:
            raise InputError(
                f"score takes one item for each query: {request.rows} queries, {len(ids)} items"
            )
        if not ids:
            return {"score": []} if tasks else []
        if tasks and len(self._model.signature("score").outputs) == 1:
            raise InputError(f"model {self._name!r} has no tasks: its output is the score alone")
        if probabilities:
            self._model.check_probabilities("score")
        of = {"context": context, "user_features": user_features, "single": request.single}
        outputs = self._model.predict("score", len(ids), {**given, "item": ids}, **of)
        with expect_format("score"):
            scores = {name: [as_number(one) for one in x] for name, x in outputs.items()}
        if items is None:
            scores = {name: x[0] for name, x in scores.items()}
        return scores if tasks else scores["probability" if probabilities else "score"]

    def similar_items(self, item=None, k=None, exclude=(), allow=None, *, items=None):
        """Returns the k most similar items of one item, or of each of many, without the item.

        Returns:
            A list of `Recommendation`, best first, for `item`; a list of such lists for `items`.
        """
        if (item is None) == (items is None):
            raise InputError("give an item or items")
        ids = texts([item] if items is None else items, "items")
        if not ids:
            return []
        given = {"item": ids, **limits(len(ids), exclude, allow)}
        outputs = self._model.predict(
            "similar_items", len(ids), given, _check_k(k), reduce_k=k is None
        )
        with expect_format("similar_items"):
            answers = [answer[: _check_k(k)] for answer in read_answer(outputs)]
        return answers[0] if items is None else answers

    def search(self, text, k=None, user=None, history=None, exclude=(), allow=None):
        """Returns the k items whose contents are nearest to the words of a search.

        Args:
            text: The words, at most 10,000 characters.
            k: As in `recommend`.
            user, history: A user id or a list of item ids, whose order is fused with that by words;
                None for the words alone.
            exclude, allow: As in `recommend`; items of the history may be found.

        Returns:
            A list of `Recommendation`, best first. Words that no item has are left out, and without
            any other the answer is popular items: a warning says so.
        """
        check_search(text)
        if user is not None and history is not None:
            raise InputError("give a user or a history, not both")
        given = {"search_text": [text], **limits(1, exclude, allow)}
        if user is not None or history is not None:
            given |= Request(user=user, history=history).columns
        outputs = self._model.predict("search", 1, given, _check_k(k), k is None)
        with expect_format("search"):
            (answer,) = read_answer(outputs)
            unknown = [one for one in map(as_text, as_list(outputs["unknown_word"][0])) if one]
            known = as_whole(outputs["known_words"][0])
            notes = search_notes(outputs["by_words"][0] is True, known, unknown)
        for note in notes:
            warnings.warn(note, stacklevel=2)
        return answer[: _check_k(k)]

    def profile(self, user=None, history=None, value=None, timestamp=None, k=None):
        """Returns what the items that a user took have in common, by the features of the items.

        Args:
            user: A user id, whose history is stored in the export.
            history: Instead of `user`: item ids.
            value, timestamp: Weights of the items of `history`, such as ratings, and their times in
                seconds since 1970, where the export reads times.
            k: Values of each feature; None for all that the export gives, 10.

        Returns:
            A list of `ProfileValue`: features in the order of the model, the largest weight first.
            Empty, with a warning, if the model knows no item of the history.
        """
        if (user is None) == (history is None):
            raise InputError("give a user or a history: one of them")
        k = None if k is None else whole_number(k, "k", 1, MOST_VALUES, "the values in an export, ")
        given = dict(Request(user=user, history=history, timestamp=timestamp).columns)
        if value is not None:
            given["item_weight"] = [item_weights(value, history)]
        outputs = self._model.predict("profile", 1, given)
        with expect_format("profile"):
            found = read_profile(outputs, k)
        if not found:
            whose = f"of the user {user!r}" if history is None else "given"
            warnings.warn(f"the model knows no item of the history {whose}", stacklevel=2)
        return found

    def metadata(self):
        """Requests and returns `Metadata`: the served version and its signatures."""
        return self._model.metadata()

    def status(self):
        """Requests and returns a list of `VersionStatus`, newest version first."""
        return self._model.status()

    def log_event(
        self, item, behavior="click", user=None, session=None, request_id=None, value=None,
        time=None, id=None,
    ):  # fmt: skip
        """Logs what somebody did with an item; returns at once, see `flush`.

        Args:
            item: Item id.
            behavior: What was done.
            user, session, request_id: Who it was, or the id of the request that showed the item: at
                least one of them.
            value: A number, such as a rating.
            time: Seconds since 1970; None for now.
            id: Id of the event, of which the server stores one; None for a new one.

        Raises:
            InputError: for an event that the server would refuse, or a client of gRPC.
        """
        fields = {"kind": "interaction", "item": item, "behavior": behavior, "value": value}
        who = {"user": user, "session": session, "request": request_id}
        self._log({**fields, **who, "time": time, "id": id})

    def log_impression(
        self, items, user=None, session=None, request_id=None, positions=None, propensities=None,
        version=None, context=None, time=None, id=None,
    ):  # fmt: skip
        """Logs which items were shown; returns at once, see `flush`.

        Args:
            items: Item ids in the order shown.
            user, session, request_id: As in `log_event`; interactions with the same request id
                belong to this impression.
            positions: Places of the items from 1 on; None for 1, 2, ...
            propensities: The probability with which each was shown, if it was drawn.
            version: Version of the model, as text.
            context: Features of the request by name.
            time, id: As in `log_event`.

        Raises:
            InputError: as `log_event`.
        """
        fields = {"kind": "impression", "items": items, "positions": positions, "time": time}
        fields |= {"propensities": propensities, "version": version, "context": context, "id": id}
        who = {"user": user, "session": session, "request": request_id}
        self._log({**fields, **who})

    @property
    def events_dropped(self):
        """The number of logged events that were lost: the buffer was full, or a refusal."""
        return self._events.dropped if self._events else 0

    def flush(self):
        """Waits until all logged events are stored, for the timeout of the client.

        Events are sent in the background, again and again until the server has stored them. 10,000
        may wait; then the oldest is dropped with a warning. What still waits when the process ends
        without `flush` or `close` is lost.

        Raises:
            ServingError: if some still wait, or the server has refused some.
        """
        if self._events:
            self._events.flush(self._timeout)

    def close(self):
        """Flushes the events and closes the connections. The client cannot be used afterwards.

        Raises:
            ServingError: as `flush`.
        """
        try:
            if self._events:
                self._events.close(self._timeout)
        finally:
            self._model.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _log(self, fields):
        if self._events is None:
            raise InputError("events are logged over http://, not over gRPC")
        self._events.add(new_event(fields))


def _check_k(k):
    return DEFAULT_K if k is None else whole_number(k, "k", 1, MAX_K)
