"""Signatures and version states of a served model, read from the server's JSON."""

from dataclasses import dataclass

from kerasrec.client.json_values import as_list, as_text, as_whole


@dataclass(frozen=True)
class Tensor:
    """An input or output: `dtype` such as "string", and `shape` with None for any size."""

    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Signature:
    """Named inputs and outputs."""

    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]


@dataclass(frozen=True)
class Metadata:
    """A version of a model and its signatures by name."""

    version: int
    signatures: dict[str, Signature]


@dataclass(frozen=True)
class VersionStatus:
    """The state of a version: "AVAILABLE", "LOADING", "UNLOADING", "END" or "START".

    `error` is the server's message if the version could not be loaded, else "".
    """

    version: int
    state: str
    error: str = ""


def read_metadata(answer):
    """Reads `Metadata` from TF Serving's `GetModelMetadataResponse` as JSON.

    >>> vector = {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": "-1"}, {"size": "5"}]}}
    >>> table = {"embed_user": {"inputs": {}, "outputs": {"vector": vector}}}
    >>> answer = {"model_spec": {"version": "3"}, "metadata": {"signature_def": {}}}
    >>> answer["metadata"]["signature_def"]["signature_def"] = table
    >>> read_metadata(answer).signatures["embed_user"].outputs
    {'vector': Tensor(dtype='float32', shape=(None, 5))}
    """
    table = answer["metadata"]["signature_def"]["signature_def"]
    signatures = {
        as_text(name): Signature(
            _tensors(each.get("inputs", {})), _tensors(each.get("outputs", {}))
        )
        for name, each in table.items()
    }
    return Metadata(as_whole(answer["model_spec"]["version"]), signatures)


def read_status(answer):
    """Reads a list of `VersionStatus`, newest first, from `GetModelStatusResponse` as JSON."""
    versions = [
        VersionStatus(
            as_whole(each.get("version", 0)),
            as_text(each["state"]),
            as_text(each.get("status", {}).get("error_message", "")),
        )
        for each in as_list(answer.get("model_version_status", []))
    ]
    return sorted(versions, key=lambda each: -each.version)


def _tensors(described):
    tensors = {}
    for name, each in described.items():
        dims = as_list(each.get("tensor_shape", {}).get("dim", []))
        sizes = [as_whole(dim.get("size", 0)) for dim in dims]
        shape = tuple(None if size < 0 else size for size in sizes)
        # DT_FLOAT is float32.
        dtype = as_text(each["dtype"]).removeprefix("DT_").lower()
        tensors[as_text(name)] = Tensor("float32" if dtype == "float" else dtype, shape)
    return tensors
