"""The one decorator that makes a layer, loss or model known to Keras's saving."""

import keras

register = keras.saving.register_keras_serializable("kerasrec")
