"""What a model says of its items besides recommending them."""

import warnings

from kerasrec.models.profiles.item_clusters import item_clusters
from kerasrec.models.profiles.user_profile import user_profile
from kerasrec.models.requests.search import search
from kerasrec.models.requests.similar_items import similar_items


class ItemViews:
    """The part of `Recommender` that compares, finds, groups and describes items."""

    def similar_items(self, items, k=None, exclude=None, allow=None):
        """The k most similar items of each item, independent of the user.

        Similarity is the cosine of the item vectors without their bias and popularity columns.

        Args:
            items: External item ids.
            k: Items to return for each, at most the number of items. None for 10, or for all items
                if there are fewer, with a warning.
            exclude: External item ids that are never returned; an item itself never is either.
            allow: External item ids; only these may be returned.

        Returns:
            A DataFrame with columns `of` (the given item), `rank` (from 1), `item`, `score` (from
            -1 to 1) and `title`. Unknown items are skipped, with a warning.

        Raises:
            InputError: if the model has no item vectors, or k is too large.
        """
        self.check_adapted("similar_items")
        self.check_finite("similar_items")
        return similar_items(self, items, k, exclude, allow)

    def search(self, text, k=None, user=None, history=None, exclude=None, allow=None):
        """The k items whose contents are nearest to the words of a search.

        The words are encoded as an item that has this text and nothing else, and compared by the
        cosine of the vectors' content. With a user or a history the order is a fusion of the order
        by words and of that by the model's scores, of the 1,000 best items of each, or k if that is
        more, among those that may be returned:

            score(i) = 1 / (60 + rank by words) + 1 / (60 + rank for the user)

        An item that is not among the best of an order gets nothing from it. Rules of a `Reranked`
        do not change a search.

        Args:
            text: The words, split as the texts of the items; at most 10,000 characters.
            k: Items to return, at most the number of items. None for 10, or for all of fewer.
            user, history: An external user id, or a list of external item ids; None for the words
                alone. Items of the history may be found.
            exclude, allow: External item ids that are never, or alone, returned.

        Returns:
            A DataFrame with columns `rank`, `item`, `score` and `title`. Words that no item has are
            left out; without any other the answer is popular items. A warning and
            `frame.attrs["notes"]` say it.

        Raises:
            InputError: for a text without words, or a model whose item vectors read no text.

        Source: Cormack, Clarke, Büttcher, Reciprocal rank fusion outperforms Condorcet, SIGIR 2009.
        """
        self.check_adapted("search")
        self.check_finite("search")
        frame = search(self, text, k, user, history, exclude, allow)
        for note in frame.attrs["notes"]:
            warnings.warn(note, stacklevel=2)
        return frame

    def profile(self, user=None, history=None, values=None, timestamps=None, k=10):
        """What the items that a user took have in common, by the features of the items.

            weight of a value v = sum over items i of w_i has(i, v),   w_i >= 0,  sum of w_i = 1

        has(i, v) is 1 if item i has the category, the range of a number or the word. A word counts
        by how rare it is elsewhere: its weight is `p log(p / q)` for its weight p above and its
        share q of all items, its part of the Kullback-Leibler divergence. Words that are not more
        frequent than in all items are left out. A number is named by its quarter of the catalog:
        "8 to 12" is above 8, up to 12. It reads the data and not what was learned, so it is the
        same for every model.

        Args:
            user: External id of a user of the train part, whose stored history is read.
            history: Instead of `user`: external item ids.
            values: Weights of the items of `history`, such as ratings; None: all are equal, as
                those of a stored history, which keeps no values.
            timestamps: Times of the items of `history`, as for `recommend`.
            k: Values to return for each feature.

        Returns:
            A DataFrame with columns `feature`, `value`, `weight`, the largest first within a
            feature, and `items`, how many items of the history have it. Where times are known, the
            features "hour of the day" (UTC) and "day of the week" are the last.

        Raises:
            InputError: for an unknown user, an empty history, wrong values, or a model that knows
                neither features of its items nor times.
        """
        self.check_adapted("profile")
        return user_profile(self, user, history, values, timestamps, k)

    def cluster_items(self, k, by=None, seed=0):
        """Groups the items by k-means, and names each group.

        Args:
            k: Number of clusters.
            by: "behavior": the model's item vectors without biases, as `similar_items` compares
                them, of items with train interactions. "content": the features of the items, as
                `FeatureCode` encodes them. Both are scaled to length 1. None: behavior if the model
                has item vectors.
            seed: Of the first centres.

        Returns:
            A DataFrame, a row an item, in the order of `cluster` (0 is the largest) and
            `distance` from its centre, with `item`, `title`, and `x` and `y`, the first two
            principal components for a picture. `name` has the three categories, words or ranges
            whose share in the cluster is most above that in all items; without item features, the
            titles of the three items nearest to the centre. Items without a vector are left out,
            with a warning.

        Raises:
            InputError: for a k below 2 or above the number of items, or a model that has neither
                item vectors nor item features.
        """
        self.check_adapted("cluster_items")
        self.check_finite("cluster_items")
        return item_clusters(self, k, by, seed)
