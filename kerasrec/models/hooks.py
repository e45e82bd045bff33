"""Everything that a model may say about itself: the only names that a zoo model overrides."""

from keras import ops

from kerasrec.data.query_spec import user_input
from kerasrec.errors import InputError
from kerasrec.models.top_k import TopK


class Hooks:
    """What the library asks of a model, each with its default.

    The shapes (`Retriever`, `JointModel`, `NeighbourModel`, `FactorModel`, `SequenceModel`) answer
    most of it, a zoo model the rest. The library reads no other attribute of a model. A class that
    defines a name close to one of these, and not the same, is refused: see `check_hooks`.

    What the model reads:
        steps: What one training example is, see `kerasrec.data.batches`: "all" positions of a
            history, its "last" one, all items of a user as a "set", all users of an item
            ("item_set").
        horizon: Number of next items that it learns at each position.
        trained: Whether it has weights to train; a model without computes in float32 under any
            policy.
        user_catalog: `CatalogTable` of the user features in the query; None: it reads none.
        profile_inputs: By name of an input, the features of users: looked up unless given.
        values_read: How the values of interactions are read, in words; None: they are not read.
        order_read: Whether the answers depend on the order in time.
        context_read: Whether a model trained on the steps of histories reads behaviors and times
            where the data has them; False declares that it does not, see `check_model`.
        features_read: Names of the user features and names of the item features in a score.

    What it answers:
        capabilities: "users" (known users), "histories" (any list of items), "cold_items" (items
            without interactions, by their features).
        predicts_values: Whether a score estimates the value of an interaction, such as a rating.
        value_range: Smallest and largest rating that the history of a request may give; None: the
            model reads no ratings of a request.
        counted: Whether scores are sums of counts or similarities, from 0 on: 0 for an item that
            nothing speaks for.
        searchable: Whether a score is the dot product of a query vector and an item vector.
        searchable_parts: Of a model of several: the place and the model of each whose score is a
            dot product, by its name without a space.
        unknown_user: How a user outside of the train part is answered, as the end of a sentence.
        candidates: What an observed item is trained against; None: the model has no candidates.
        candidate_weights: Weights that describe the data or the candidates, not the model: a model
            that starts from a checkpoint keeps its own.
        moved_rows: Where the rows of a table are that move when the data grows, such as those of
            pairs of values.
        level: Weight that is added to every score, set to the mean rating at `adapt`; None: there
            is none.
        more_outputs: Whether `rank_catalog` has outputs besides rows and scores.
        query_size: Numbers held in memory to score one query with the whole catalog.
        pool_size: Among how many items with the largest scores the k best are chosen.
        rules: `Rules` that its best items are re-ranked by; None: there are none.

    Parts of a vector and of a score:
        bias_columns: Number of trailing columns of an item vector that are biases or popularity;
            None: counted over the layers of the item encoder that have this attribute.
        content_columns: Slice of the vectors that comes from item features; None: a score has no
            such part.
        content_encoder: `ContentEncoder` whose words explain a score; None: no words are shown.
        content_directions: `(queries, rows)` to what the content vector of each item is multiplied
            with in its score, `(n, k, dim)`. A model with a `content_encoder` has it.
        attend: Attention weights `(n, length)` over the steps of n histories; None: the model does
            not attend to steps.
        contributions: What each item of a history adds to a score.
        gates: Weights `(n, tasks, experts)` that n queries with one item row each give to experts;
            None: the model has no experts.

    How it ranks: `encode_queries`, `encode_catalog`, `score_catalog`, `score_rows`, `score_pairs`,
    `score_items`, `score_tasks`, `predict_tasks`, `rank_catalog` and, with rules, `rerank`; what a
    score rests on: `feature_groups` and `group_contributions`.

    How it learns: `adapt`, and what a model without training computes there: `find_neighbours` of a
    `NeighbourModel`, `find_factors` of a `FactorModel`.
    """

    steps = "all"
    horizon = 1
    trained = True
    user_catalog = None
    context_read = True

    capabilities = frozenset({"users"})
    predicts_values = False
    counted = False
    value_range = None
    searchable = False
    candidates = None
    level = None
    more_outputs = False
    rules = None

    bias_columns = None
    content_columns = None
    content_encoder = None

    @property
    def searchable_parts(self):
        return {}

    @property
    def profile_inputs(self):
        features = () if self.user_catalog is None else self.user_catalog.features
        return {user_input(one["name"]): one for one in features}

    @property
    def values_read(self):
        return "what a score estimates" if self.predicts_values else None

    @property
    def order_read(self):
        return "history" in self.query_inputs

    @property
    def features_read(self):
        return (), ()

    @property
    def feature_groups(self):
        return ()

    @property
    def unknown_user(self):
        if "history" in self.query_inputs and self.user_catalog is None:
            return "with what is popular"
        return "with the vector of the unknown user"

    @property
    def candidate_weights(self):
        return []

    @property
    def query_size(self):
        return self.schema.num_items

    def moved_rows(self, old):
        """Where rows of an older model are that do not keep their place when data grows.

        Returns:
            Dict of `id` of a weight to int rows: `rows[n]` is the row here of row n there, 1 for
            one that is gone.
        """
        return {}

    def content_directions(self, queries, rows):
        """Factors of the content vectors in the scores of `rows` `(n, k)`: `(n, k, dim)`."""
        raise NotImplementedError(f"{type(self).__name__}.content_directions")

    def attend(self, inputs):
        """Attention weights `(n, length)` of n queries, or None."""
        return None

    def gates(self, inputs, items):
        """Weights of experts `(n, tasks, experts)` of n pairs, or None."""
        return None

    def contributions(self, inputs, history, items):
        """What each item of a history adds to the score of each of some items.

        Args:
            inputs: Model inputs of one query, first axis 1.
            history: `(h,)` distinct item rows.
            items: `(m,)` item rows.

        Returns:
            `(m, h)` floats. The rest of a score does not come from the history.

        Raises:
            InputError: for a model whose scores cannot be taken apart.
        """
        raise InputError(
            f"{type(self).__name__} cannot say what a score rests on: leave out explain"
        )

    def adapt(self, train):
        """Takes vocabularies, catalog, counts and histories from the train part."""
        raise NotImplementedError(f"{type(self).__name__}.adapt")

    def find_neighbours(self, train):
        """The arguments of `scores.assign`, as a tuple: a `NeighbourModel` computes them here."""
        raise NotImplementedError(f"{type(self).__name__}.find_neighbours")

    def find_factors(self, train):
        """The `Factors` of the train part: a `FactorModel` computes them here."""
        raise NotImplementedError(f"{type(self).__name__}.find_factors")

    def encode_queries(self, inputs):
        """What `score_catalog` reads of n queries: the output of `query_model`, first axis n."""
        raise NotImplementedError(f"{type(self).__name__}.encode_queries")

    def encode_catalog(self):
        """The catalog as the ranking needs it, computed once for many `top_k` calls."""
        raise NotImplementedError(f"{type(self).__name__}.encode_catalog")

    def score_catalog(self, queries, catalog):
        """Scores `(n, rows)` of n encoded queries, in `keras.ops`: the export traces it."""
        raise NotImplementedError(f"{type(self).__name__}.score_catalog")

    def score_pairs(self, inputs, items):
        """Scores `(n,)` of n queries with one item row each."""
        raise NotImplementedError(f"{type(self).__name__}.score_pairs")

    def score_rows(self, queries, catalog, rows):
        """Scores `(n,)` of n encoded queries with one catalog row each, in `keras.ops`."""
        scores = self.score_catalog(queries, catalog)
        return ops.take_along_axis(scores, rows[:, None], axis=1)[:, 0]

    def score_tasks(self, queries, rows, catalog=None):
        """What each task predicts for n encoded queries with one item row each, in `keras.ops`.

        Returns:
            Dict of task to `(n,)`; empty for a model without tasks.
        """
        return {}

    def predict_tasks(self, inputs, items):
        """As `score_tasks`, from the inputs of n queries and in NumPy."""
        return {}

    def group_contributions(self, queries, rows, catalog=None):
        """What each of the `feature_groups` adds to scores, in `keras.ops`.

        Returns:
            `(all, none, contributions)`, see `kerasrec.models.group_contributions`.
        """
        raise NotImplementedError(f"{type(self).__name__}.group_contributions")

    def score_items(self, inputs, items):
        """Scores `(m, n)` float64 of m item rows for n queries: what explanations compare."""
        scores = self.score_catalog(self.encode_queries(inputs), self.encode_catalog())
        return ops.convert_to_numpy(scores).astype("float64").T[items]

    def rank_catalog(self, queries, catalog, k, exclude=None, allow=None):
        """The k best rows of n encoded queries, in `keras.ops`: `top_k` and the export run it.

        Returns:
            What `TopK` returns, with its `exclude` and `allow`; more `(n, k)` outputs by name are
            outputs of the export as well.
        """
        return TopK(k)(self.score_catalog(queries, catalog), exclude, allow)

    def pool_size(self, k):
        """How many items with the largest scores the k best are chosen from."""
        return k

    def rerank(
        self, pool, queries, k, exclude=None, allow=None, pin=None, boost=None, boost_factor=None
    ):
        """The k best rows by the rules, from a pool of candidates, in `keras.ops`.

        Args:
            pool: `ModelPool`, or `IndexPool` in an export.
            queries: The encoded queries.
            k, exclude, allow: As of `rank_catalog`.
            pin: `(n, any)` item rows that come first; 0 is padding, a repeated row counts once.
            boost, boost_factor: `(n, any)` item rows and what their relevance is multiplied with; a
                row given twice has the first factor.
        """
        raise NotImplementedError(f"{type(self).__name__}.rerank")


HOOKS = frozenset(name for name in vars(Hooks) if not name.startswith("_"))
