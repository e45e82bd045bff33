"""The `train.strategy` of a config as a scope of `tf.distribute`."""

import contextlib
import functools

from kerasrec.errors import InputError


def strategy_scope(name):
    """The scope to build, compile and fit a model in.

    * `"none"`: TensorFlow's default device, the first GPU if there is one;
    * `"cpu"`, `"gpu"`: one device;
    * `"mirrored"`: all GPUs, or all logical CPUs where there is no GPU, each with a copy of the
      model. The batch is divided evenly between them and the loss is that of one device, but
      candidates "in_batch" come from a device's own part of the batch;
    * `"tpu"`: the TPU that the environment names.

    Raises:
        InputError: for an unknown name, or a device that does not exist.

    >>> with strategy_scope("none"):
    ...     pass
    """
    if name == "none":
        return contextlib.nullcontext()
    import tensorflow as tf

    cpus, gpus = (tf.config.list_logical_devices(kind) for kind in ("CPU", "GPU"))
    if name == "cpu":
        return tf.distribute.OneDeviceStrategy(cpus[0].name).scope()
    if name == "gpu":
        if not gpus:
            raise InputError(
                "strategy gpu: TensorFlow sees no GPU here; "
                'install with pip install "kerasrec[gpu]", or use strategy none'
            )
        return tf.distribute.OneDeviceStrategy(gpus[0].name).scope()
    if name == "mirrored":
        devices = gpus or cpus
        if len(devices) < 2:
            raise InputError(
                f"strategy mirrored: it needs two devices and TensorFlow sees {devices[0].name}; "
                "use strategy none"
            )
        return _mirrored(tuple(device.name for device in devices)).scope()
    if name == "tpu":
        try:
            resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
            tf.config.experimental_connect_to_cluster(resolver)
            tf.tpu.experimental.initialize_tpu_system(resolver)
        except (ValueError, tf.errors.OpError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"strategy tpu: there is no TPU here ({reason})") from error
        return tf.distribute.TPUStrategy(resolver).scope()
    raise InputError(f"strategy must be none, cpu, gpu, mirrored or tpu: got {name!r}")


@functools.cache
def _mirrored(devices):
    # One per process: a second one numbers its collectives from 0 again, and TensorFlow confuses
    # them with those of the first ("Shape mismatch in the collective instance").
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(devices)
