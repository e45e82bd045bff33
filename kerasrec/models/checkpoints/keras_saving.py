"""How Keras saves, copies and rebuilds a recommender."""

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

BUILT = "optimizer_built"


class KerasSaving(keras.Model):
    """A Keras model whose every copy keeps what it knows besides its weights, or is refused.

    Keras saves a config and weights. A recommender is a catalogue and histories as well: they are
    assets of a `.keras` file, of a pickle and of a deep copy, and `save` to a folder writes a
    checkpoint. What would lose them is an `InputError`: `export`, `quantize`, HDF5 and, see
    `TrainingOutput`, `keras.models.clone_model`.
    """

    def save(self, path, overwrite=False):
        """Writes a checkpoint folder, or a file that ends in `.keras`.

        `kerasrec.models.load` reads the folder, `keras.models.load_model` the file, once the
        model's class is imported (`import kerasrec_zoo`). Catalogue and histories are in both, the
        state of the optimizer in the file. A loaded model has the dtype policy of the saved one.

        Args:
            path: Folder or `.keras` file.
            overwrite: Replace what is there.

        Raises:
            InputError: for a path that exists already, one that ends in `.h5`, a full disk, or a
                model that is not adapted.
        """
        self.check_adapted("save")
        self.check_finite("save")
        write = save_keras_file if is_keras_file(path) else checkpoint.save
        write(self, path, overwrite=overwrite)

    def load_rows_from(self, directory, trust=False):
        """Starts from a checkpoint of the same model with the same or a smaller vocabulary.

        Old rows are copied, features of old items with them, so that old users score old items as
        before. A model without trainable weights keeps what `adapt` has counted. Only tables that
        say whose rows they have may grow, see `EmbeddingTable`.

        Args:
            directory: Checkpoint folder.
            trust: As for `kerasrec.models.load`.

        Returns:
            The `Schema` of the checkpoint.

        Raises:
            InputError: for another model, other arguments, or a vocabulary that is no beginning of
                this model's.
        """
        old = checkpoint.load(directory, trust=trust)
        checkpoint.copy_rows(old, self)
        return old.schema

    def export(self, *args, **kwargs):
        """Refused: Keras would export the training graph, which knows no ids and no catalogue.

        Raises:
            InputError: always.
        """
        raise InputError(
            "Model.export would write the training graph alone, without catalogue and ids: use "
            "kerasrec.export.export(model, directory), or model.query_model.export for a part"
        )

    def quantize(self, *args, **kwargs):
        """Refused: a saved model is rebuilt from its arguments, which name no quantized layers.

        Raises:
            InputError: always.
        """
        raise InputError(
            f"{type(self).__name__} keeps float weights, as a saved model is rebuilt with float "
            "layers: for smaller numbers train under keras.mixed_precision"
        )

    def save_assets(self, directory):
        """Keras's hook: what the model knows besides its weights, for a `.keras` file and pickle.

        A model that is not adapted yet has nothing to write.
        """
        self.check_finite("save")
        if self.items is not None:
            SavedCatalogs.write(self, pathlib.Path(directory))

    def load_assets(self, directory):
        """Keras's hook: reads what `save_assets` wrote; see `keras_file` for what is checked.

        Raises:
            InputError: for a damaged file, and one that does not belong to this model.
        """
        if directory is not None and (pathlib.Path(directory) / "items").is_dir():
            directory = pathlib.Path(directory)
            behaviors = (directory / "behaviors.json").exists()
            SavedCatalogs.read(directory, self.schema, behaviors).give(self)
            check_rows(self, directory)

    def get_compile_config(self):
        """Keras's hook: the arguments of `compile`, and whether the optimizer has slots yet."""
        config = super().get_compile_config()
        return config and {**config, BUILT: getattr(self.optimizer, "built", False)}

    def compile_from_config(self, config):
        """Keras's hook, which it wants beside a `compile` of one's own: compiles as saved."""
        config = keras.saving.deserialize_keras_object(config)
        built = config.pop(BUILT)
        self.compile(**config)
        if built:
            self._build_optimizer()

    def __reduce__(self):
        # The class by reference, as pickle does: Keras would look for its registered name, which
        # a process that has not imported it does not have.
        rebuild, arguments = super().__reduce__()
        return rebuild_in_scope, (type(self), rebuild, arguments)

    def get_config(self):
        """Constructor arguments by name, `Schema` as plain values, `repeats` and the dtype policy.

        Keras records only the defaults of a subclassed model, silently; this records the truth.
        """
        config = {
            name: getattr(self, name)
            for name in inspect.signature(type(self).__init__).parameters
            if name not in ("self", "kwargs")
        }
        own = {"schema": self.schema.to_dict(), "name": self.name}
        own |= {"repeats": self.repeats, "dtype": self.dtype_policy.name}
        return {**config, **own}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model of `get_config`, with fresh weights, under the policy that it had."""
        config = {**config, "schema": Schema.from_dict(config["schema"])}
        repeats = config.pop("repeats", REPEATS[0])
        with policy_scope(config.pop("dtype", None) or keras.config.dtype_policy()):
            model = cls(**config)
        model.repeats = repeats
        return model

    def _build_optimizer(self):
        # Here, because Keras does it inside the graph, where TensorFlow keeps a copy of each slot.
        strategy = getattr(self, "distribute_strategy", None)
        with strategy.scope() if strategy else contextlib.nullcontext():
            self.optimizer.build(self.trainable_variables)
