"""LightGCN: matrix factorization whose vectors are smoothed along the graph of who took what."""

import keras

from kerasrec.errors import InputError
from kerasrec.layers import DotProduct, GraphEmbedding
from kerasrec.models import Retriever, item_table
from kerasrec.models.query_input import query_input
from kerasrec.register import register


@register
class LightGCN(Retriever):
    """Light graph convolution: vectors are means over the graph of users and items.

        X_0 = [E_user; E_item],  X_k+1 = D^-1/2 A D^-1/2 X_k,  X = (X_0 + ... + X_K) / (K + 1)
        score(u, i) = <X_u, X_i> [/ (|X_u| |X_i| temperature)] [+ b_i]

    A joins each user with the items of the train part; repeated pairs count once. Nothing but the
    two tables (and b) is trained, and `num_layers=0` is matrix factorization.

    A step of training propagates the whole graph, once, whatever the size of the batch: take large
    batches. All else reads stored vectors, which `fit` brings up to date after every epoch; after
    `train_on_batch` or an assignment of weights, call `propagate`. A user without interactions is
    answered as the mean of all others.

    Args:
        schema: `Schema` of the data.
        dim: Length of the vectors.
        num_layers: K.
        candidates: "in_batch", "sampled", "sampled_by_popularity" or "all"; "pair" for ratings, to
            whose scores mu is added.
        num_negatives: Shared negatives of "sampled". The paper: 1, with BPR.
        log_q: Correct the logits of "in_batch" and "sampled" for how often an item is drawn, as a
            softmax wants it; BPR and cross-entropy as published do not.
        l2: Times the mean over the train part of |E_user|^2 + |E_item|^2.
        temperature: Divides the cosine of both vectors; None takes their plain dot product, whose
            lengths know what is popular.
        biases: A bias for each item, which knows it as well.
        num_edges: Of the graph; `adapt` counts them, a checkpoint's config knows. Leave it out.

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
        # What describes the graph belongs to the data, as the candidates do.
        graph = self.graph_embedding
        return [*super().candidate_weights, *graph.graph.weights, graph.vectors]

    def adapt(self, train):
        if not hasattr(train, "item"):
            raise InputError(
                "LightGCN.adapt needs the interactions themselves, which are the graph, and a "
                f"{type(train).__name__} has only counts: read them into memory"
            )
        super().adapt(train)
        self.graph_embedding.assign(train.user, train.item)

    def propagate(self):
        """Brings the stored vectors up to date with the weights."""
        self.graph_embedding.store()

    def call(self, inputs, training=None, mask=None):
        with self.graph_embedding.one_propagation():
            return super().call(inputs, training=training, mask=mask)

    def fit(self, x=None, *args, **kwargs):
        """As for every model; the stored vectors follow before anybody's callbacks."""
        follow = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: self.propagate(),
            on_test_begin=lambda logs: self.propagate(),
        )
        callbacks = keras.tree.flatten(kwargs.pop("callbacks", None) or [])
        return super().fit(x, *args, callbacks=[follow, *callbacks], **kwargs)

    def load_rows_from(self, directory, trust=False):
        """As for every model, over the graph of the new data: the scores of old users follow it."""
        old = super().load_rows_from(directory, trust)
        self.propagate()
        return old
