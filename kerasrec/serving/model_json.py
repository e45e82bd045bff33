"""Model status and metadata as the JSON of TF Serving's REST."""

DTYPES = {
    "string": "DT_STRING",
    "float32": "DT_FLOAT",
    "float64": "DT_DOUBLE",
    "int32": "DT_INT32",
    "int64": "DT_INT64",
    "bool": "DT_BOOL",
}


def model_status(versions):
    """The body of `GET /v1/models/NAME`: `GetModelStatusResponse` as JSON."""
    return {
        "model_version_status": [
            {
                "version": str(version.number),
                "state": version.state,
                "status": {
                    "error_code": "UNKNOWN" if version.error else "OK",
                    "error_message": version.error,
                },
            }
            for version in versions
        ]
    }


def model_metadata(name, version):
    """The body of `GET /v1/models/NAME/metadata`: model and `SignatureDefMap` as JSON.

    Defaults of inputs are omitted, as in TF Serving 2.20 (its RELEASE.md).
    """
    signatures = {
        key: {
            "inputs": _tensor_infos(signature.inputs),
            "outputs": _tensor_infos(signature.outputs),
            "method_name": signature.method_name,
            "defaults": {},
        }
        for key, signature in sorted(version.signatures.items())
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(version.number)},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


def _tensor_infos(tensors):
    return {
        name: {
            "dtype": DTYPES.get(tensor.dtype, "DT_INVALID"),
            "tensor_shape": {
                "dim": [
                    {"size": str(-1 if size is None else size), "name": ""}
                    for size in tensor.shape or ()
                ],
                "unknown_rank": tensor.shape is None,
            },
            "name": tensor.tensor,
        }
        for name, tensor in sorted(tensors.items())
    }
