"""ContentKNN: items are scored by the similarity of their features to the history's."""

from kerasrec.errors import InputError
from kerasrec.layers.feature_rows import BAGS, KINDS
from kerasrec.layers.neighbour_scores import NeighbourScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.content_neighbours import check_weighting, content_neighbours
from kerasrec.register import register


@register
class ContentKNN(NeighbourModel):
    """Nearest neighbours by item features, a baseline for trained content models.

        score(u, j) = sum over i in the history of u of s(i, j),   j a neighbour of i

        tfidf  s(i, j) = cosine of the rows of `feature_rows`
        bm25   s(i, j) = sum over words w of i of idf_w f (k + 1) / (f + k (1 - b + b |j| / mean))

    with f the count of w in j, k = 1.2, b = 0.75, and idf_w = log(1 + (n - n_w + .5) / (n_w + .5)).
    BM25 reads only words and categories. Items without interactions may be neighbours too.

    Args:
        schema: `Schema` of the data; it needs an item feature.
        num_neighbours: Neighbours kept for each item.
        weighting: "tfidf" or "bm25".

    Raises:
        InputError: for a number out of range, an unknown weighting, or items without features.

    Reference:
        Robertson, Zaragoza, The probabilistic relevance framework: BM25 and beyond, 2009.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = ContentKNN(train.schema())
    >>> model.adapt(train)
    >>> model.recommend(histories=[[train.items.vocabulary.ids[0]]], k=1)["rank"].tolist()
    [1]
    """

    def __init__(self, schema, num_neighbours=200, weighting="tfidf", name=None):
        check_weighting(weighting)
        if num_neighbours < 1:
            raise InputError(f"num_neighbours: expected at least 1, got {num_neighbours!r}")
        if not schema.item_features:
            raise InputError("ContentKNN needs an item feature, and this data has none")
        num_neighbours = min(num_neighbours, schema.num_items)
        scores = NeighbourScores(schema.num_items, num_neighbours, name="neighbour_scores")
        super().__init__(schema=schema, scores=scores, name=name)
        self.capabilities = frozenset({"users", "histories", "cold_items"})

    @property
    def features_read(self):
        kinds = BAGS if self.weighting == "bm25" else KINDS
        return (), {feature.name for feature in self.schema.item_features if feature.kind in kinds}

    def find_neighbours(self, train):
        features = [each for each in self.schema.item_features if each.kind in KINDS]
        keep = self.neighbour_scores.num_neighbours
        return content_neighbours(train.items, features, self.weighting, keep)
