"""The content encoders for texts, and baselines without learning, in one table.

    python -m benchmarks encoders

The invented bookstore; its cold books are ranked among themselves. Compared are `ContentBased` with
each encoder that reads texts, `ContentKNN`, which learns nothing, and Popularity, which has no
content. The other settings are those of `configs/synthetic/content_based.yaml`.
"""

from benchmarks.runner.report import Report, Row, Table
from benchmarks.runner.run_config import run_config

CONFIG = "synthetic/content_based"
METRICS = ("recall@10", "ndcg@10")
MODELS = {
    "Popularity, no content": "{class: Popularity}",
    "ContentKNN, TF-IDF": "{class: ContentKNN}",
    "ContentKNN, BM25": "{class: ContentKNN, weighting: bm25}",
}
ENCODERS = ("bag_of_words", "conv1d", "code", "autoencoder")
QUICK = ("data.options={users: 200, items: 150}", "train.epochs=1")


def add_arguments(parser):
    """This benchmark has no options of its own."""


def measure(arguments, say):
    changes = {name: f"model={model}" for name, model in MODELS.items()}
    changes |= {f"ContentBased, {encoder}": f"model.encoder={encoder}" for encoder in ENCODERS}
    rows = {metric: [] for metric in METRICS}
    for name, change in changes.items():
        say(name)
        found = run_config(CONFIG, [change, *(QUICK if arguments.quick else ())])
        for metric, own in rows.items():
            value = found["rows"][0]["metrics"][metric]
            note = f"[{value['low']:.4f}, {value['high']:.4f}]"
            own.append(Row(name, (value["mean"],), note))
    tables = [Table("Cold books", metric, tuple(own)) for metric, own in rows.items()]
    return Report("Encoders of content", {"config": CONFIG}, tables)
