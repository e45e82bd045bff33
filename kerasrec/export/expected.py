"""Computes Python's answers to the requests on which an export is compared."""

import functools

import numpy as np
import tensorflow as tf

from kerasrec.data.chunks import chunks
from kerasrec.data.query_spec import (
    ITEM_WEIGHT,
    RECENT_INPUTS,
    REQUEST_INPUTS,
    REQUEST_OPTIONS,
    SEARCH_TEXT,
    recent_input,
)
from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.export.profiles import MOST_VALUES, kept_values
from kerasrec.export.requests import REQUESTS
from kerasrec.export.search import IndexPool, IVFIndex, search_allowed
from kerasrec.layers.content_encoder import CODE
from kerasrec.models.profiles.user_profile import profile_parts
from kerasrec.models.requests.probabilities import sigmoid
from kerasrec.models.requests.reasons import REASONS, words
from kerasrec.models.requests.request import Request
from kerasrec.models.requests.similar_items import directions
from kerasrec.models.requests.word_search import best_by_words, read_words, text_encoders
from kerasrec.models.top_k import NEVER, TopK

# Queries spent on explanations of all requests; a history of h items takes h of them.
EXPLAINING = 4000
# Searches and profiles that are compared: a search takes memory for all items a few times.
FIRST_ONES = 60


class Expected:
    """Answers of a model in Python, signature by signature.

    Args:
        model: An adapted `Recommender`.
        graph: Its `ServingGraph`. Only its sizes, its index and whether it stores histories are
            read.
        request: The result of `make_requests`.
    """

    def __init__(self, model, graph, request):
        self.model, self.graph, self.request = model, graph, request
        self.catalog = model.encode_catalog()
        if graph.index is not None:
            self.catalog = graph.index.stored()
        self.unsure = None  # searches that are not compared, see `best_by_words`
        self.asked = self._request()
        self.inputs = self.asked.inputs(slice(None))
        self.inputs = model.of_query(self.inputs)
        self.exclude, self.allow = (self._rows(request[name]) for name in ("exclude", "allow"))
        remembers = "history" in graph.reader.inputs or graph.reader.stored is not None
        repeats = np.where(request["repeats"] == "", model.repeats, request["repeats"])
        self.masked = (repeats == "mask")[:, None] & remembers
        recent = np.where(repeats[:, None] == "mask", self._rows(request["recent"]), PADDING)
        self.unwanted = np.concatenate([self.exclude, recent], axis=1)
        self.wishes = {
            name: self._rows(request[name]) if each.dtype == "string" else request[name]
            for name, each in REQUEST_OPTIONS.items()
            if each.of_rules and name in request
        }

    def answers(self):
        """Dict of signature to a dict of output to an array, for the first requests."""
        found = {}
        parts = {}
        for name, (place, part) in self.graph.parts.items():
            parts[f"embed_user_{name}"] = functools.partial(self._embed_user, place)
            parts[f"embed_items_{name}"] = functools.partial(self._embed_items, part)
        for name in self.graph.signatures:
            found[name] = (parts.get(name) or getattr(self, "_" + name))()
        return found

    def twins(self):
        """For a model that generates sequences: a number per item row, equal for equal vectors.

        Items with equal vectors, such as untrained ones, may swap positions in a sequence.
        """
        if self.model.horizon == 1 or self.graph.index is not None:
            return None
        return np.unique(np.asarray(self.catalog), axis=0, return_inverse=True)[1].ravel()

    def _request(self):
        model, request = self.model, self.request
        blank = REQUEST_INPUTS["user"].default
        names = request.get("user", np.full(len(request["k"]), blank, dtype=object))
        users = self.users = model.users.vocabulary.rows(names)
        context = {name: list(request[name]) for name in model.context if name in request}
        features = {
            one["name"]: list(request[name])
            for name, one in model.profile_inputs.items()
            if name in request
        } or None
        if "history" not in self.graph.reader.inputs:
            return Request(model, names, None, context=context, user_features=features)
        kept = model.histories if self.graph.reader.stored is not None else None
        lists = {name: [] for name in self.graph.reader.columns}
        for number, given in enumerate(request["history"]):
            real = given != ""
            if real.any() or kept is None:
                own = {name: _as_long(name, request[name][number], real)[real] for name in lists}
            else:
                own = self._stored(kept.take(users[number : number + 1]), lists)
            recent = request["recent"][number]
            for name, column in own.items():
                later = self._recent(name, number)[recent != ""]
                lists[name].append([*column.tolist(), *later.tolist()])
        lists = [lists.get(name) for name in ("history", "behavior", "timestamp", "value")]
        return Request(model, names, *lists, context, features)

    def _recent(self, name, number):
        """What a request gives behind the column of a history, one for each of its items."""
        items = self.request["recent"][number]
        if (given := recent_input(name)) in self.request:
            return _as_long(given, self.request[given][number], items)
        each = REQUEST_INPUTS[name]
        return np.full(len(items), each.default, object if each.dtype == "string" else each.dtype)

    def _stored(self, past, names):
        columns = past.step_columns(names)
        for name, known in (
            ("history", self.model.items.vocabulary),
            ("behavior", self.model.behaviors),
        ):
            if name in columns:
                columns[name] = known.lookup(columns[name])
        return columns

    def _rows(self, ids):
        return self.model.items.vocabulary.rows(ids)

    def _more(self):
        """The outputs of `rank_catalog` besides rows and scores."""
        model, found = self.model, []
        for part in chunks(self.asked.lengths, REQUESTS):
            queries = model.encode_queries({name: x[part] for name, x in self.inputs.items()})
            limits = self._limits(part)
            answer = model.rank_catalog(queries, self.catalog, self.graph.k, *limits)
            found.append({key: np.asarray(x) for key, x in answer.items()})
        shown = np.arange(self.graph.k) < self.request["k"][:, None]
        return {
            name: np.where(shown, np.concatenate([one[name] for one in found]), 0)
            for name in found[0]
            if name not in ("rows", "scores")
        }

    def _limits(self, part):
        seen = np.where(self.masked[part], self.asked.seen(part), PADDING)
        return np.concatenate([self.unwanted[part], seen], axis=1), self.allow[part]

    @functools.cached_property
    def _ranked(self):
        """Rows and scores of all requests, which three signatures answer with."""
        # A request about a user with a long history is answered beside few others.
        parts = [self._ranked_part(part) for part in chunks(self.asked.lengths, REQUESTS)]
        return tuple(np.concatenate(column) for column in zip(*parts, strict=True))

    def _ranked_part(self, part):
        model, index, k = self.model, self.graph.index, self.graph.k
        inputs = {name: x[part] for name, x in self.inputs.items()}
        exclude, allow = self._limits(part)
        wishes = {name: x[part] for name, x in self.wishes.items()}
        if self.graph.candidates is not None:
            # As below: its recall was measured.
            queries = model.encode_queries(inputs)
            answer = self.graph.candidates.rank(queries, self.catalog, k, exclude, allow)
            return answer["rows"].numpy(), answer["scores"].numpy()
        if isinstance(index, IVFIndex):
            # Its answers are approximate; its recall was measured when it was built.
            arrays = (model.encode_queries(inputs), exclude, allow)
            queries, exclude, allow = map(tf.convert_to_tensor, arrays)
            if model.rules is None:
                answer = search_allowed(index, queries, k, exclude, allow)
            else:
                pool = IndexPool(index, queries)
                answer = model.rerank(pool, queries, k, exclude, allow, **wishes)
            return answer["rows"].numpy(), answer["scores"].numpy()
        return model.top_k(inputs, k, exclude, allow, np.asarray(self.catalog), **wishes)

    def _cut(self, rows, scores, k=None):
        k = self.request["k"] if k is None else k
        shown = np.arange(rows.shape[1]) < k[:, None]
        return np.where(shown, rows, PADDING), np.where(shown, scores, NEVER)

    def _named(self, rows, scores):
        found = {"item": self.model.items.vocabulary.lookup(rows), "score": scores}
        if self.model.scores_are_logits:
            found["probability"] = sigmoid(scores)
        return found

    def _recommend(self):
        more = self._more() if self.model.more_outputs else {}
        return {**self._named(*self._cut(*self._ranked)), **more}

    def _recommend_examples(self):
        return self._recommend()

    def _score(self):
        items = np.maximum(self._rows(self.request["item"]), UNKNOWN)
        if self.graph.index is None:
            tasks = self.model.predict_tasks(self.inputs, items)
            found = {**tasks, "score": self.model.score_pairs(self.inputs, items)}
        else:
            queries = self.model.encode_queries(self.inputs)
            found = {"score": (queries * self.catalog[items]).sum(axis=1)}
        if self.model.scores_are_logits:
            found["probability"] = sigmoid(found["score"])
        return found

    def _explain(self):
        items = np.maximum(self._rows(self.request["item"]), UNKNOWN)
        queries = self.model.encode_queries(self.inputs)
        found = self.model.group_contributions(queries, items, self.catalog)
        return dict(zip(("all", "none", "contribution"), map(np.asarray, found), strict=True))

    def _similar_items(self):
        vectors, items = directions(self.model, self.catalog), self._rows(self.request["item"])
        exclude = np.concatenate([items[:, None], self.exclude], axis=1)
        answer = TopK(self.graph.k)(vectors[items] @ vectors.T, exclude, self.allow)
        k = np.where(items >= FIRST, self.request["k"], 0)
        rows, scores = self._cut(np.array(answer["rows"]), np.array(answer["scores"]), k)
        return {"item": self.model.items.vocabulary.lookup(rows), "score": scores}

    def _search(self):
        model, some = self.model, slice(FIRST_ONES)
        request = {name: x[some] for name, x in self.request.items()}
        inputs = {name: x[some] for name, x in self.inputs.items()}
        tokens, known, _ = read_words(text_encoders(model), request[SEARCH_TEXT].tolist())
        asked = np.zeros(len(known), bool)
        for name in ("user", "history"):
            if name in self.graph.reader.inputs:
                asked |= (request[name] != "").reshape(len(asked), -1).any(axis=1)
        limits = self.graph.k, self.exclude[some], self.allow[some]
        rows, scores, by_words, self.unsure = best_by_words(
            model, tokens, inputs, asked, *limits, np.asarray(self.catalog)
        )
        rows, scores = self._cut(rows, scores, request["k"])
        found = {"item": model.items.vocabulary.lookup(rows), "score": scores}
        return {**found, "by_words": by_words.astype("float32"), "known_words": known}

    def _profile(self):
        values, timed = kept_values(self.model), self.graph.profiles.timed
        width = MOST_VALUES * (len(values) + 2 * timed)
        weights = np.zeros((FIRST_ONES, width), "float32")
        for number in range(FIRST_ONES):
            parts = profile_parts(values, *self._taken(number, timed))
            for place, (_, _, shares, _) in enumerate(parts):
                best = np.sort(shares[shares > 0])[::-1][:MOST_VALUES]
                weights[number, place * MOST_VALUES :][: len(best)] = best
        return {"weight": weights}

    def _taken(self, number, timed):
        """Item rows, weights of a sum of 1 and times of the history of a request."""
        ids = self.request["history"][number]
        if (ids == "").all() and self.graph.reader.stored is not None:
            past = self.model.histories.take(self.users[number : number + 1])
            seconds = past.timestamp if timed else None
            return past.items, np.full(len(past.items), 1 / max(1, len(past.items))), seconds
        rows = self._rows(ids)
        known = rows >= FIRST
        weights = _as_long(ITEM_WEIGHT, self.request[ITEM_WEIGHT][number], ids)[known]
        weights = np.ones(len(weights)) if np.isnan(weights).any() else weights.astype("float64")
        seconds = None
        if timed:
            seconds = _as_long("timestamp", self.request["timestamp"][number], ids)[known]
        return rows[known], weights / (weights.sum() or 1.0), seconds

    def _embed_user(self, place=None):
        queries = self.model.encode_queries(self.inputs)
        return {"vector": queries if place is None else queries[str(place)]}

    def _embed_items(self, part=None):
        model = part or self.model
        tower, items = model.item_tower, self._rows(self.request["item"])
        features = {name: np.array(x) for name, x in tower.catalog(items).items()}
        new = items < FIRST
        for name, encoder in self.model.items.encoders.items():
            raw = self.request[name]
            features[name][new] = encoder.encode(list(raw[new]))
        if model.code is not None:
            features[CODE][new] = np.array(model.code(features))[new]
        read = {**features, "item": items}
        vector = tower.encoder({n: read[n] for n in tower.encoder.input})
        return {"vector": np.array(vector, "float32")}

    def _recommend_explained(self):
        many = max(10, min(len(self.exclude), EXPLAINING // self.model.schema.history_length))
        rows, scores = (x[:many] for x in self._cut(*self._ranked))
        inputs = {name: x[:many] for name, x in self.inputs.items()}
        model, real = self.model, rows >= FIRST
        reasons = np.zeros((*rows.shape, REASONS), "float32")
        for number, (history, answers) in enumerate(zip(inputs["history"], rows, strict=True)):
            items = np.unique(history[history >= FIRST])
            one = {name: x[number : number + 1] for name, x in inputs.items()}
            if len(items) and real[number].any():
                parts = model.contributions(one, items, answers)
                largest = np.argsort(-np.abs(parts), axis=1)[:, :REASONS]
                parts = np.take_along_axis(parts, largest, axis=1) * real[number][:, None]
                reasons[number, :, : parts.shape[1]] = parts
        found = {**self._named(rows, scores), "reason": reasons}
        if model.content_columns is None:
            return found
        queries = model.encode_queries(inputs)
        shares = np.asarray(model.content_scores(queries, np.asarray(self.catalog)[rows]))
        found["from_content"] = np.where(real, shares, 0.0)
        found["from_behavior"] = np.where(real, scores - found["from_content"], 0.0)
        if getattr(model.content_encoder, "texts", None):
            found["word_reason"] = np.zeros((*rows.shape, REASONS), "float32")
            for query, answers in enumerate(words(model, queries, rows, REASONS)):
                for place, reasons in enumerate(answers):
                    for n, reason in enumerate(reasons):
                        found["word_reason"][query, place, n] = reason["contribution"]
        return found


def _as_long(name, values, history):
    """The values of an input for each step, padded to the length of the history."""
    default = np.nan if name == ITEM_WEIGHT else (REQUEST_INPUTS | RECENT_INPUTS)[name].default
    padding = np.full(len(history), default, values.dtype)
    return np.concatenate([values, padding])[: len(history)]
