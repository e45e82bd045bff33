"""Answers for all users or items at once, from a model or an export to a Parquet file.

Importing this package imports neither Keras nor TensorFlow: an export needs neither.
"""

from kerasrec.batch_inference.recommend_to_parquet import (
    recommend_to_parquet as recommend_to_parquet,
)
from kerasrec.batch_inference.similar_items_to_parquet import (
    similar_items_to_parquet as similar_items_to_parquet,
)
