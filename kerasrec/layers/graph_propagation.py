"""Vectors smoothed along the edges of a graph."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register
from kerasrec.tables.rows import declare_held

# What the vectors at all ends of edges may take at once: 1 GiB of float32.
FLOATS_AT_ONCE = 2**28


@register
class GraphPropagation(keras.layers.Layer):
    """The light graph convolution: each node becomes a mean of itself and what surrounds it.

        X_0 = x,   X_k+1 = D^-1/2 A D^-1/2 X_k,   y = (X_0 + X_1 + ... + X_K) / (K + 1)

    A is the symmetric adjacency matrix, D its diagonal of degrees. A node without edges keeps
    x / (K + 1). The map is linear and symmetric, so it is its own gradient: nothing is kept for the
    way back. Time: `2 K num_edges dim` sums, as much again backward; memory: at most 1 GiB beside
    the vectors. The graph is part of the weights, 16 bytes an edge.

    Args:
        num_nodes: Nodes.
        num_layers: K; 0 changes nothing.
        num_edges: Of the graph. -1 leaves it to `assign`, which must come before the first call.

    Input and output shape:
        `(num_nodes, dim)`, float32.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import GraphPropagation
    >>> graph = GraphPropagation(3, num_layers=1)
    >>> graph.assign([0], [2])
    >>> graph(np.array([[2.0], [4.0], [6.0]], "float32")).numpy().tolist()
    [[4.0], [2.0], [4.0]]

    Reference:
        He et al., LightGCN: simplifying and powering graph convolution network for
        recommendation, SIGIR 2020.
    """

    def __init__(self, num_nodes, num_layers=3, num_edges=-1, **kwargs):
        super().__init__(autocast=False, **kwargs)
        for name, value, least in (
            ("num_nodes", num_nodes, 1),
            ("num_layers", num_layers, 0),
            ("num_edges", num_edges, -1),
        ):
            if int(value) != value or value < least:
                raise InputError(f"{name}: expected a whole number from {least}, received {value}")
        self.num_nodes = num_nodes
        self.num_layers = num_layers
        self.num_edges = num_edges
        # XLA does not compile a sum over sorted rows, which is the fast one elsewhere.
        self.supports_jit = False
        if num_edges >= 0:
            self._make()

    def assign(self, first, second):
        """Takes the edges: the nodes `(num_edges,)` at either end; each edge is given once.

        Raises:
            InputError: for a node outside of the graph, or another number of edges than this layer
                was made for.
        """
        first, second = np.asarray(first, "int64"), np.asarray(second, "int64")
        nodes = np.concatenate([first, second])
        if nodes.size and not 0 <= nodes.min() <= nodes.max() < self.num_nodes:
            raise InputError(
                f"edges: expected nodes from 0 to {self.num_nodes - 1}, received {nodes.min()} to "
                f"{nodes.max()}"
            )
        if self.num_edges < 0:
            self.num_edges = len(first)
            self._make()
        if len(first) != self.num_edges:
            raise InputError(
                f"num_edges is {self.num_edges} and {len(first)} edges were given: a graph keeps "
                "its size, build a new model (and leave num_edges out)"
            )
        others = np.concatenate([second, first])
        order = np.lexsort((others, nodes))
        self.sources.assign(np.append(others[order], 0))
        # An edge past the last node: the sums end there, whichever nodes have edges.
        self.targets.assign(np.append(nodes[order], self.num_nodes))
        self.degrees.assign(np.bincount(nodes, minlength=self.num_nodes))

    def call(self, x):
        if self.num_edges < 0:
            raise InputError("the graph is not known: call assign before the first call")
        x = ops.cast(x, "float32")
        if self.num_layers == 0:
            return x

        @ops.custom_gradient
        def smooth(x):
            def gradient(*upstream, **named):
                (upstream,) = upstream or named.values()
                return self._smooth(ops.convert_to_tensor(upstream))

            return self._smooth(x), gradient

        return smooth(x)

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, "float32")

    def get_config(self):
        # As it is now: `assign` may have counted the edges.
        names = ("num_nodes", "num_layers", "num_edges")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _smooth(self, x):
        # D^-1/2 at the end of one layer and at the start of the next are one factor.
        share = 1.0 / ops.maximum(self.degrees, 1.0)[:, None]
        root = ops.sqrt(share)
        scaled, total = root * x, 0.0
        for _ in range(self.num_layers):
            sums = self._neighbours(scaled)
            scaled, total = share * sums, total + sums
        return (x + root * total) / (self.num_layers + 1)

    def _neighbours(self, x):
        """Sums over the neighbours of each node, some columns at a time if there are many edges."""
        width = max(1, FLOATS_AT_ONCE // (2 * self.num_edges + 1))
        parts = [self._sums(x[:, n : n + width]) for n in range(0, x.shape[1], width)]
        return ops.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]

    def _sums(self, x):
        ends = ops.take(x, self.sources, axis=0)
        # TensorFlow takes the number of sums from the last target, others must be told.
        known = keras.backend.backend() == "tensorflow"
        size = None if known else self.num_nodes + 1
        return ops.segment_sum(ends, self.targets, num_segments=size, sorted=True)[: self.num_nodes]

    def _make(self):
        size, fixed = (2 * self.num_edges + 1,), {"initializer": "zeros", "trainable": False}
        self.sources = self.add_weight(shape=size, dtype="int32", name="sources", **fixed)
        self.targets = self.add_weight(
            shape=size,
            dtype="int32",
            # No edges yet: every place is past the last node.
            initializer=keras.initializers.Constant(self.num_nodes),
            trainable=False,
            name="targets",
        )
        declare_held(self.sources, self.num_nodes)
        declare_held(self.targets, self.num_nodes + 1)  # the edge past the last node
        self.degrees = self.add_weight(
            shape=(self.num_nodes,), dtype="float32", autocast=False, name="degrees", **fixed
        )
