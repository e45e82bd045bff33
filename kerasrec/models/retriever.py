"""Shape: a query vector, item vectors, a dot product."""

from keras import ops

from kerasrec.layers.dot_product import DotProduct
from kerasrec.layers.dot_scorer import DotScorer
from kerasrec.models.requests.contributions import ridge_contributions, score_losses
from kerasrec.models.tower_model import TowerModel


class Retriever(TowerModel):
    """A model whose score is one dot product, so that it can be served by a vector search.

    Args:
        As of `TowerModel`, without `scorer`.
    """

    searchable = True

    def __init__(self, **arguments):
        super().__init__(scorer=DotScorer(), **arguments)
        if self.bias_columns is None:
            layers = self.item_tower.encoder.layers
            self.bias_columns = sum(getattr(layer, "bias_columns", 0) for layer in layers)

    @property
    def level(self):
        for layer in self.query_model.layers:
            if isinstance(layer, DotProduct) and layer.global_bias:
                return layer.mean
        return None

    def content_scores(self, queries, vectors):
        """The part of the scores of `vectors` `(n, k, dim)` that comes from content, `(n, k)`."""
        columns = self.content_columns
        return ops.einsum("nd,nkd->nk", queries[:, columns], vectors[..., columns])

    def score_items(self, inputs, items):
        vectors = ops.convert_to_numpy(ops.take(self.encode_catalog(), items, axis=0))
        return vectors.astype("float64") @ self.encode_queries(inputs).T

    def contributions(self, inputs, history, items):
        """As for every model; for a query of a user's id see `ridge_contributions`."""
        if "history" in self.query_inputs:
            return score_losses(self, inputs, history, items)
        return ridge_contributions(self, inputs, history, items)
