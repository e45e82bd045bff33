"""SavedModels as a server runs them: TensorFlow's C++ loader, without Python's TensorFlow.

Importing this package imports neither TensorFlow nor Keras nor the rest of kerasrec.
"""

from kerasrec.savedmodel.c_loader import CLoader as CLoader
