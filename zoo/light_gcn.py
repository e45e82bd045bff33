"""LightGCN: matrix factorization with vectors propagated over the user-item graph."""

import keras

from kerasrec.layers import DotProduct, GraphEmbedding
from kerasrec.models import Retriever, item_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register


@register
class LightGCN(Retriever):
    """Light graph convolution: vectors are averaged over neighbours in the user-item graph.

        X_0 = [E_user; E_item],  X_k+1 = D^-1/2 A D^-1/2 X_k,  X = (X_0 + ... + X_K) / (K + 1)
        score(u, i) = <X_u, X_i> [/ (|X_u| |X_i| temperature)] [+ b_i]

    A connects each user with its items of the train part, with repeated pairs counted once. Only
    the two tables (and b) are trained. `num_layers=0` is matrix factorization.

    Each training step propagates the whole graph once, for any batch size: use large batches.
    Everything else reads stored vectors, which `fit` updates after every epoch. After
    `train_on_batch` or an assignment of weights, call `propagate`. A user without interactions has
    the mean vector of all users.

    Args:
        schema: `Schema` of the data.
        dim: Length of the vectors.
        num_layers: K.
        candidates: "in_batch", "sampled", "sampled_by_popularity" or "all"; "pair" for ratings, to
            whose scores mu is added.
        num_negatives: Shared negatives of "sampled". The paper uses 1, with BPR.
        log_q: Apply the logQ correction to the logits of "in_batch" and "sampled". A softmax needs
            it; BPR and cross-entropy as published have none.
        l2: Factor of the mean of |E_user|^2 + |E_item|^2 over the train part.
        temperature: Divides the cosine of both vectors; None uses their dot product, in which the
            lengths of the vectors may represent popularity.
        biases: Add an item bias, which may represent popularity too.
        num_edges: Number of edges of the graph. `adapt` and the config of a checkpoint set it;
            leave it out.

    Reference:
        He et al., LightGCN: simplifying and powering graph convolution network for
        recommendation, SIGIR 2020.

    Example:

    >>> from kerasrec.data import batches, load
    >>> from kerasrec.losses import Softmax
    >>> train = load("synthetic", users=50, items=100)
    >>> model = LightGCN(train.schema(), dim=8, num_layers=2)
    >>> model.adapt(train)
    >>> model.compile("adam", Softmax())
    >>> _ = model.fit(batches(train, model.train_inputs, batch_size=512), verbose=0)
    """

    unknown_user = "as the mean of all users"

    def __init__(
        self,
        schema,
        dim=64,
        num_layers=3,
        candidates="in_batch",
        num_negatives=1024,
        log_q=True,
        l2=0.0,
        temperature=None,
        biases=False,
        num_edges=-1,
        name=None,
    ):
        # === Layers ===
        graph = GraphEmbedding(
            schema.num_users, schema.num_items, dim, num_layers, l2, num_edges, name="graph"
        )
        dot = DotProduct(
            num_items=schema.num_items if biases else 0,
            global_bias=candidates == "pair",
            temperature=temperature,
            name="dot_product",
        )

        # === Wiring ===
        user = query_input("user")
        item = keras.Input((), dtype="int32", name="item")
        super().__init__(
            schema=schema,
            inputs={"user": user},
            query=dot.query(graph(user, part="user")),
            item_encoder=keras.Model({"item": item}, dot.candidate(graph(item, part="item"), item)),
            catalog=item_table(schema),
            candidates=candidates,
            num_negatives=num_negatives,
            log_q=log_q,
            name=name,
        )
        self.graph_embedding = graph

    @property
    def num_edges(self):
        return self.graph_embedding.num_edges

    @property
    def candidate_weights(self):
        # The graph is data: a model that starts from a checkpoint keeps its own.
        graph = self.graph_embedding
        return [*super().candidate_weights, *graph.graph.weights, graph.vectors]

    def adapt(self, train):
        super().adapt(train)
        self.graph_embedding.assign(train.user, train.item)

    def propagate(self):
        """Computes the stored vectors from the current weights."""
        self.graph_embedding.store()

    def call(self, inputs, training=None, mask=None):
        with self.graph_embedding.one_propagation():
            return super().call(inputs, training=training, mask=mask)

    def fit(self, x=None, *args, **kwargs):
        """As for every model; the stored vectors are updated before other callbacks run."""
        propagate = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: self.propagate(),
            on_test_begin=lambda logs: self.propagate(),
        )
        callbacks = keras.tree.flatten(kwargs.pop("callbacks", None) or [])
        return super().fit(x, *args, callbacks=[propagate, *callbacks], **kwargs)

    def load_rows_from(self, directory, trust=False):
        """As for every model, but with the graph of the new data: old scores may change."""
        old = super().load_rows_from(directory, trust)
        self.propagate()
        return old
