"""Shape: the next item from a history, with the same item vectors on both sides."""

from kerasrec.layers.popular_when_empty import PopularWhenEmpty
from kerasrec.models.item_inputs import ItemInputs
from kerasrec.models.retriever import Retriever


class SequenceModel(Retriever):
    """A retriever that reads a history and ranks the items by the vectors it has read.

        score(i) = <h_n, v_i>

    for the state h_n after the last step. An empty history is answered with what is popular, see
    `PopularWhenEmpty`. The constructor of a zoo model makes `HistoryInputs` and an encoder of their
    vectors; this class makes the rest.

    Args:
        history: `HistoryInputs`; its `items` give the vectors of both sides.
        query: State `(batch, dim)` after the last real step, see `last_real_step`.
        states: States `(batch, length, dim)` after every step, each of which is trained with the
            item after it. None: the last item of each history is trained, with `query`.
        output: Function from item rows `(n,)` to the vectors that states are scored with, where
            these are not the vectors that it has read.
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
        output=None,
    ):
        item, fallback = ItemInputs(), PopularWhenEmpty(name="popular_when_empty")
        vectors = fallback.candidate((output or history.items)(item.known), item.count)
        if states is None:
            self.steps = "last"
        super().__init__(
            schema=history.schema,
            inputs=history.inputs,
            query=fallback.query(query, history.rows),
            training_query=None if states is None else fallback.query(states, history.rows),
            item_encoder=item.encoder(vectors),
            catalog=history.catalog,
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
