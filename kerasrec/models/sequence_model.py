"""Shape: the next item from a history, with the same item vectors on both sides."""

from kerasrec.layers.popular_when_empty import PopularWhenEmpty
from kerasrec.models.item_inputs import ItemInputs
from kerasrec.models.retriever import Retriever


class SequenceModel(Retriever):
    """A retriever that reads a history and ranks the items by the vectors it has read.

        score(i) = <h_n [+ P z_u], v_i>

    for the state h_n after the last step, and for the features z_u of the user where `items` read
    any. An empty history is answered with what is popular, see `PopularWhenEmpty`; with features of
    users its score is <P z_u, v_i> + log(1 + count of i), which is trained on a tenth of the
    histories. The constructor of a zoo model makes `HistoryInputs` and an encoder of their vectors;
    this class makes the rest.

    Args:
        history: `HistoryInputs`; its `items` give the vectors of both sides.
        query: State `(batch, dim)` after the last real step, see `last_real_step`.
        states: States `(batch, length, dim)` after every step, each of which is trained with the
            item after it. None: the last item of each history is trained, with `query`.
        items: `SequenceItems` that made the history, for a model that may read features; None for
            the vectors of a layer.
        output: Vectors `(n, dim)` of `items.item` that states are scored with, where these are not
            the vectors that it has read.
        candidates, num_negatives, log_q: As of `TowerModel`.
    """

    capabilities = frozenset({"users", "histories"})

    def __init__(
        self,
        history,
        query,
        states,
        candidates="all",
        num_negatives=1024,
        log_q=True,
        name=None,
        items=None,
        output=None,
    ):
        item = items.item if items else ItemInputs()
        user, code = (items.user, items.code) if items else (None, None)
        if output is None:
            output = items.vectors if items else history.items(item.known)
        fallback = PopularWhenEmpty(items.alone if items else 0.0, name="popular_when_empty")
        inputs, profile = history.inputs, None
        if user is not None:
            inputs, profile = {**inputs, **user.inputs}, user.vector(query.shape[-1])
            query = query + profile
            states = None if states is None else states + profile[:, None]
        vectors = fallback.candidate(output, item.count)
        if states is None:
            self.steps = "last"
        super().__init__(
            schema=history.schema,
            inputs=inputs,
            query=fallback.query(query, history.rows, profile),
            training_query=(
                None if states is None else fallback.query(states, history.rows, profile)
            ),
            item_encoder=item.encoder(vectors),
            catalog=history.catalog,
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            user=user,
            code=code,
            name=name,
        )
        if code is not None:
            self.capabilities |= {"cold_items"}
