"""Mixin: a Keras optimizer that updates only the table rows in the batch."""

import contextlib
import inspect

import keras

from kerasrec.errors import CHECK
from kerasrec.optimizers.gradient_sums import GradientSums
from kerasrec.tables import rows
from kerasrec.tables.memory import check_memory


class RowSparse:
    """Mixin for a `keras.optimizers` class, to be listed before it.

    The gradient of an embedding lookup is a `tf.IndexedSlices`: rows and a value for each row. Rows
    of the batch may repeat. Keras's rules square each of these values, and read and write every row
    of the table and of its slots. This class, on TensorFlow,

    1. sums the gradients of all replicas, then those of equal rows;
    2. checks, accumulates and clips the gradients as if they were dense;
    3. subtracts the result of `row_step` and the weight decay from the rows in the batch. No other
       row is read or written.

    Dense gradients, and all gradients on other backends, use Keras's rule.
    """

    def build(self, variables):
        if self.built:
            return
        shapes = [shape for variable in variables for shape in self.slot_shapes(variable)]
        if self.gradient_accumulation_steps:
            shapes += [tuple(variable.shape) for variable in variables]
        name = f"{type(self).__name__}, optimizer state"
        check_memory(name, shapes, "use RowwiseAdagrad (one number per row), or fewer rows")
        self._sums = {}
        with _outside_of_graphs():
            super().build(variables)
            self.build_row_slots(variables)
            if self.gradient_accumulation_steps and keras.backend.backend() == "tensorflow":
                self._sums = {
                    n: GradientSums(self, variable, self._accumulated_gradients[n])
                    for n, variable in enumerate(variables)
                }

    def build_row_slots(self, variables):
        """Hook: adds the slots that only the rule for rows has."""

    def slot_shapes(self, variable):
        """Abstract: shapes of all slots of a variable."""
        raise NotImplementedError

    def row_step(self, index, ids, gradient, learning_rate):
        """Abstract: updates the slots of unique rows and returns the step to subtract, `(n, dim)`.

        Args:
            index: Index of the variable.
            ids: Unique rows `(n,)`.
            gradient: `(n, dim)`.
            learning_rate: Scalar of the variable's dtype.
        """
        raise NotImplementedError

    def get_config(self):
        parameters = inspect.signature(type(self).__init__).parameters
        return {name: value for name, value in super().get_config().items() if name in parameters}

    # Keras calls this with the gradients of one replica. The order of the steps is Keras's.
    def _backend_apply_gradients(self, grads, trainable_variables):
        if keras.backend.backend() != "tensorflow":
            return super()._backend_apply_gradients(grads, trainable_variables)
        import tensorflow as tf

        variables = [v.value if isinstance(v, keras.Variable) else v for v in trainable_variables]
        context = tf.distribute.get_replica_context()
        grads = context.all_reduce(tf.distribute.ReduceOp.SUM, list(grads))
        grads = [rows.sum_equal_rows(g) if isinstance(g, tf.IndexedSlices) else g for g in grads]
        grads = self._check_finite(grads, trainable_variables)
        due = None
        if self.gradient_accumulation_steps:
            due = (self._iterations + 1) % self.gradient_accumulation_steps == 0
            sums = [self._sums[self._get_variable_index(variable)] for variable in variables]
            grads = [
                one.add(g, due, self.gradient_accumulation_steps)
                for one, g in zip(sums, grads, strict=True)
            ]
        grads = self._clip_gradients(grads)

        def update_all(strategy, grads, learning_rate, due):
            for variable, gradient in zip(variables, grads, strict=True):
                strategy.extended.update(
                    variable, self._update, args=(gradient, learning_rate, due), group=False
                )

        context.merge_call(update_all, args=(grads, self.learning_rate, due))

    def _update(self, variable, gradient, learning_rate, due):
        def update():
            self._update_now(variable, gradient, learning_rate)

        if due is None:
            update()
        else:
            keras.ops.cond(due, update, lambda: None)

    def _update_now(self, variable, gradient, learning_rate):
        import tensorflow as tf

        rate = tf.cast(learning_rate, variable.dtype)
        decays = self.weight_decay is not None and self._use_weight_decay(variable)
        decay = tf.cast(self.weight_decay, variable.dtype) * rate if decays else None
        if not isinstance(gradient, tf.IndexedSlices):
            if decays:
                # After the check that the gradient is finite.
                with tf.control_dependencies([gradient]):
                    variable.assign_sub(variable * decay)
            self.update_step(gradient, variable, learning_rate)
            return
        ids, values = gradient.indices, tf.cast(gradient.values, variable.dtype)
        step = self.row_step(self._get_variable_index(variable), ids, values, rate)
        if decays:
            step += decay * rows.gather(variable, ids)
        variable.scatter_sub(tf.IndexedSlices(step, ids))

    def _clip_gradients(self, grads):
        """Clips without making row gradients dense, as Keras's own clipping does."""
        if keras.backend.backend() != "tensorflow":
            return super()._clip_gradients(grads)
        import tensorflow as tf

        values = [g.values if isinstance(g, tf.IndexedSlices) else g for g in grads]
        if self.clipnorm:
            values = [tf.clip_by_norm(value, self.clipnorm) for value in values]
        elif self.global_clipnorm:
            values, _ = tf.clip_by_global_norm(values, self.global_clipnorm)
        elif self.clipvalue:
            values = [tf.clip_by_value(value, -self.clipvalue, self.clipvalue) for value in values]
        return [
            tf.IndexedSlices(value, g.indices, g.dense_shape)
            if isinstance(g, tf.IndexedSlices)
            else value
            for g, value in zip(grads, values, strict=True)
        ]

    def _check_finite(self, grads, variables):
        """Returns the gradients; raises before any update if one is NaN or infinite.

        The error names the step and the weight. XLA drops the assertion: there the loss of the next
        step is NaN.
        """
        import tensorflow as tf

        step, assertions = self._iterations + 1, []
        for gradient, variable in zip(grads, variables, strict=True):
            values = gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient
            name = getattr(variable, "path", variable.name)
            # The raw op: tf.debugging adds a branch for each weight.
            assertion = tf.raw_ops.Assert(
                # A sum is finite only if all terms are: one pass, without a temporary tensor.
                condition=tf.math.is_finite(tf.reduce_sum(values)),
                data=[CHECK + "step", step, f"has a NaN or infinite gradient of {name}"],
            )
            # In eager mode the op raises itself and returns None.
            assertions += [] if assertion is None else [assertion]
        with tf.control_dependencies(assertions):
            return [tf.identity(gradient) for gradient in grads]


def _outside_of_graphs():
    """Leaves the graph in which Keras builds slots: TensorFlow stores such slots twice."""
    if keras.backend.backend() != "tensorflow":
        return contextlib.nullcontext()
    import tensorflow as tf

    return tf.init_scope()
