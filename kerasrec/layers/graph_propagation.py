"""Light graph convolution: smooths vectors along the edges of a graph."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register
from kerasrec.tables.rows import declare_row_values

# Numbers gathered along the edges at a time: 1 GiB of float32.
MAX_GATHERED_NUMBERS = 2**28


@register
class GraphPropagation(keras.layers.Layer):
    """Light graph convolution: averages each node with its neighbourhoods up to K edges away.

        X_0 = x,   X_k+1 = D^-1/2 A D^-1/2 X_k,   y = (X_0 + X_1 + ... + X_K) / (K + 1)

    A is the symmetric adjacency matrix, D the diagonal matrix of degrees. A node without edges gets
    x / (K + 1). The map is linear and symmetric, so its gradient is the same map, and no
    activations are kept for the backward pass. Time: `2 K num_edges dim` additions, and as many
    backward. Memory: at most 1 GiB besides the vectors. The graph is stored in the weights, with 16
    bytes per edge.

    Args:
        num_nodes: Number of nodes.
        num_layers: K; 0 returns the input.
        num_edges: Number of edges. -1 takes it from `assign`, to be called before the first call.

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
        # XLA cannot compile the sorted segment_sum, which is the fastest without XLA.
        self.supports_jit = False
        if num_edges >= 0:
            self._add_graph_weights()

    def assign(self, first, second):
        """Sets the edges from the nodes at both ends, `(num_edges,)` each; no edge is repeated.

        Raises:
            InputError: for a node outside of the graph, or a number of edges other than
                `num_edges`.
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
            self._add_graph_weights()
        if len(first) != self.num_edges:
            raise InputError(
                f"edges: expected {self.num_edges} (num_edges), received {len(first)}: the size of "
                "a graph is fixed, build a new model without num_edges"
            )
        others = np.concatenate([second, first])
        order = np.lexsort((others, nodes))
        self.sources.assign(np.append(others[order], 0))
        # One edge to a node past the last, so that segment_sum returns a sum for every node.
        self.targets.assign(np.append(nodes[order], self.num_nodes))
        self.degrees.assign(np.bincount(nodes, minlength=self.num_nodes))

    def call(self, x):
        if self.num_edges < 0:
            raise InputError("the graph has no edges: call assign before the first call")
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
        # Not the constructor's arguments: `assign` may have set num_edges.
        names = ("num_nodes", "num_layers", "num_edges")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _smooth(self, x):
        # D^-1/2 after one layer and before the next are combined to D^-1.
        inverse_degree = 1.0 / ops.maximum(self.degrees, 1.0)[:, None]
        inverse_root = ops.sqrt(inverse_degree)
        scaled, total = inverse_root * x, 0.0
        for _ in range(self.num_layers):
            sums = self._sum_neighbours(scaled)
            scaled, total = inverse_degree * sums, total + sums
        return (x + inverse_root * total) / (self.num_layers + 1)

    def _sum_neighbours(self, x):
        """Sums over the neighbours of each node, in groups of columns if there are many edges."""
        width = max(1, MAX_GATHERED_NUMBERS // (2 * self.num_edges + 1))
        parts = [self._sum_columns(x[:, n : n + width]) for n in range(0, x.shape[1], width)]
        return ops.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]

    def _sum_columns(self, x):
        gathered = ops.take(x, self.sources, axis=0)
        # TensorFlow's sorted sum takes no num_segments: it reads the last target. Others need it.
        inferred = keras.backend.backend() == "tensorflow"
        size = None if inferred else self.num_nodes + 1
        return ops.segment_sum(gathered, self.targets, num_segments=size, sorted=True)[
            : self.num_nodes
        ]

    def _add_graph_weights(self):
        size, fixed = (2 * self.num_edges + 1,), {"initializer": "zeros", "trainable": False}
        self.sources = self.add_weight(shape=size, dtype="int32", name="sources", **fixed)
        self.targets = self.add_weight(
            shape=size,
            dtype="int32",
            # No edges yet: all targets are past the last node.
            initializer=keras.initializers.Constant(self.num_nodes),
            trainable=False,
            name="targets",
        )
        declare_row_values(self.sources, self.num_nodes)
        declare_row_values(self.targets, self.num_nodes + 1)  # the edge past the last node
        self.degrees = self.add_weight(
            shape=(self.num_nodes,), dtype="float32", autocast=False, name="degrees", **fixed
        )
