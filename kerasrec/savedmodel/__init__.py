"""SavedModels as TF Serving runs them: TensorFlow's C++ loader, without Python's TensorFlow.

Importing this package imports neither TensorFlow nor Keras nor the rest of kerasrec.
"""


def __getattr__(name):
    # Imported lazily, so that `kerasrec --help` does not wait for NumPy.
    if name == "CLoader":
        from kerasrec.savedmodel.c_loader import CLoader

        return CLoader
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
