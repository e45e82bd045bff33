"""How a recommender is saved, copied and rebuilt by Keras."""

import contextlib
import inspect
import pathlib

import keras

from kerasrec.data.schema import Schema
from kerasrec.errors import InputError
from kerasrec.models.checkpoints import checkpoint
from kerasrec.models.checkpoints.check_rows import check_rows
from kerasrec.models.checkpoints.keras_file import is_keras_file, rebuild_in_scope, save_keras_file
from kerasrec.models.checkpoints.saved_catalogs import SavedCatalogs
from kerasrec.models.precision import policy_scope
from kerasrec.models.requests.repeats import REPEATS

OPTIMIZER_BUILT = "optimizer_built"


class KerasSaving(keras.Model):
    """A Keras model whose copies keep its catalogue and histories.

    Keras saves a config and weights. A recommender also has a catalogue and histories. They are
    assets of a `.keras` file, of a pickle and of a deep copy, and `save` to a folder writes a
    checkpoint. Operations that would lose them raise an `InputError`: `export`, `quantize`, HDF5
    and `keras.models.clone_model` (see `TrainingOutput`).
    """

    def save(self, path, overwrite=False):
        """Writes a checkpoint folder, or a file that ends in `.keras`.

        `kerasrec.models.load` reads the folder. `keras.models.load_model` reads the file, after
        the model's class is imported (`import kerasrec_zoo`). Both hold catalogue and histories;
        only the file holds the state of the optimizer. A loaded model has the dtype policy of the
        saved one.

        Args:
            path: Folder or `.keras` file.
            overwrite: Replace an existing folder or file.

        Raises:
            InputError: if the path exists already or ends in `.h5`, the disk is full, or the model
                is not adapted or has a weight that is not finite.
        """
        self.check_adapted("save")
        self.check_finite("save")
        write = save_keras_file if is_keras_file(path) else checkpoint.save
        write(self, path, overwrite=overwrite)

    def load_rows_from(self, directory, trust=False):
        """Copies the weights of a checkpoint of the same model, whose vocabularies may be smaller.

        Rows and features of old items are copied, so old users score old items as before. A model
        without trainable weights keeps the counts of its own `adapt`. Only tables with a
        vocabulary may grow, see `rows_of` of `EmbeddingTable`. Of a `Ranker` the pairs of crosses
        are those of the new data: those known before keep their vectors, others start anew, and
        their counts and rates are counted anew.

        Args:
            directory: Checkpoint folder.
            trust: As for `kerasrec.models.load`.

        Returns:
            The `Schema` of the checkpoint.

        Raises:
            InputError: if class or arguments differ, or if a vocabulary of this model does not
                start with that of the checkpoint.
        """
        old = checkpoint.load(directory, trust=trust)
        checkpoint.copy_rows(old, self)
        return old.schema

    def export(self, *args, **kwargs):
        """Refused: Keras would export the training graph, without ids and catalogue.

        Raises:
            InputError: always.
        """
        raise InputError(
            "Model.export would write the training graph alone, without catalogue and ids: use "
            "kerasrec.export.export(model, directory), or model.query_model.export for one part"
        )

    def quantize(self, *args, **kwargs):
        """Refused: a saved model is rebuilt from its arguments, always with float layers.

        Raises:
            InputError: always.
        """
        raise InputError(
            f"{type(self).__name__} cannot be quantized, since a saved model is rebuilt with float "
            "layers: to compute in half precision, train under a mixed dtype policy"
        )

    def save_assets(self, directory):
        """Keras's hook: writes catalogue and histories, for a `.keras` file and pickle.

        A model that is not adapted has none.
        """
        self.check_finite("save")
        if self.items is not None:
            SavedCatalogs.write(self, pathlib.Path(directory))

    def load_assets(self, directory):
        """Keras's hook: reads the files of `save_assets`; `keras_file` says what is checked.

        Raises:
            InputError: if a file is damaged or does not belong to this model.
        """
        if directory is not None and (pathlib.Path(directory) / "items").is_dir():
            directory = pathlib.Path(directory)
            has_behaviors = (directory / "behaviors.json").exists()
            SavedCatalogs.read(directory, self.schema, has_behaviors).assign_to(self)
            check_rows(self, directory)

    def get_compile_config(self):
        """Keras's hook: the arguments of `compile`, and whether the optimizer is built."""
        config = super().get_compile_config()
        return config and {**config, OPTIMIZER_BUILT: getattr(self.optimizer, "built", False)}

    def compile_from_config(self, config):
        """Keras's hook: compiles with the arguments of `get_compile_config`."""
        config = keras.saving.deserialize_keras_object(config)
        built = config.pop(OPTIMIZER_BUILT)
        self.compile(**config)
        if built:
            self._build_optimizer()

    def __reduce__(self):
        # The class by reference, as in any pickle: Keras would look up its registered name, which
        # is missing in a process that has not imported the class.
        rebuild, arguments = super().__reduce__()
        return rebuild_in_scope, (type(self), rebuild, arguments)

    def get_config(self):
        """Constructor arguments by name, `Schema` as plain values, `repeats` and the dtype policy.

        Keras's own version silently records only the defaults of a subclassed model.
        """
        config = {
            name: getattr(self, name)
            for name in inspect.signature(type(self).__init__).parameters
            if name not in ("self", "kwargs")
        }
        common = {"schema": self.schema.to_dict(), "name": self.name}
        common |= {"repeats": self.repeats, "dtype": self.dtype_policy.name}
        if self.scores_are_logits:
            common["scores_are_logits"] = True
        return {**config, **common}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """A model with the arguments and dtype policy of `get_config`, and with initial weights."""
        config = {**config, "schema": Schema.from_dict(config["schema"])}
        repeats = config.pop("repeats", REPEATS[0])
        scores_are_logits = config.pop("scores_are_logits", False)
        with policy_scope(config.pop("dtype", None) or keras.config.dtype_policy()):
            model = cls(**config)
        model.repeats, model.scores_are_logits = repeats, scores_are_logits
        return model

    def _build_optimizer(self):
        # Keras would build it inside the graph, where TensorFlow keeps a copy of each slot.
        strategy = getattr(self, "distribute_strategy", None)
        with strategy.scope() if strategy else contextlib.nullcontext():
            self.optimizer.build(self.trainable_variables)
