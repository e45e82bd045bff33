"""The similar items of all items as a Parquet file."""

from kerasrec.batch_inference.answer_all import answer_all
from kerasrec.batch_inference.export_similar_items import ExportSimilarItems
from kerasrec.batch_inference.id_queries import IdQueries
from kerasrec.batch_inference.model_similar_items import ModelSimilarItems
from kerasrec.batch_inference.open_answers import open_answers
from kerasrec.batch_inference.options import read_options
from kerasrec.batch_inference.parts_folder import check_output


def similar_items_to_parquet(
    source, path, k=None, exclude=None, allow=None, overwrite=False, progress=None, trust=False
):
    """Writes the answers of `similar_items` for all items to one Parquet file.

    Args:
        source: An adapted `Recommender`, or the path of an export: a version, or the folder
            of a model's versions.
        path: The file to write, `.parquet`. Its columns: `item`, `rank` (from 1), `similar_item`,
            `score` (a cosine).
        k, exclude, allow: As in `Recommender.similar_items`.
        overwrite, progress, trust: As of `recommend_to_parquet`, which also says how the work is
            continued after an interruption.

    Returns:
        A dict as of `recommend_to_parquet`.

    Raises:
        InputError: if there are no item vectors, or as `recommend_to_parquet`.
    """
    path = check_output(path, overwrite)
    options = read_options(k, exclude, allow)
    with open_answers(source, options, ModelSimilarItems, ExportSimilarItems, trust) as answers:
        queries = IdQueries(answers.item_ids.to_pylist(), users=False)
        columns, request = ("item", "similar_item"), {"kind": "similar items"}
        return answer_all(answers, queries, options, path, columns, request, overwrite, progress)
