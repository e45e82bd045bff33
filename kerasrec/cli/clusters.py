"""`kerasrec clusters RUN -k 10`: groups of items that are alike."""

from kerasrec.cli.picture import add_picture_argument, picture_path
from kerasrec.cli.saved import find_checkpoint
from kerasrec.errors import InputError

NAME = "clusters"
HELP = "group the items of a model by their vectors or features, and name the groups"
SHOWN = 3  # items of a cluster, those in its middle


def add_arguments(parser):
    parser.add_argument("source", metavar="RUN", help="run or checkpoint folder")
    parser.add_argument("-k", type=int, default=10, help="how many groups (default: 10)")
    parser.add_argument(
        "--by", choices=("behavior", "content"),
        help="the vectors of the model or the features of the items (default: vectors if it has "
        "them)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of the first centres")
    parser.add_argument("--output", metavar="FILE.csv", help="write the cluster of each item")
    add_picture_argument(parser)
    parser.add_argument("--trust", action="store_true", help="allow a model class outside kerasrec")


def run(arguments, output):
    picture = picture_path(arguments.plot)
    if arguments.output is not None and not arguments.output.endswith(".csv"):
        raise InputError(f"--output writes a table: give a path such as {arguments.output}.csv")
    checkpoint = find_checkpoint(arguments.source)
    from kerasrec.cli.heavy import import_keras

    import_keras()
    from kerasrec.models import load

    ranker = load(checkpoint, trust=arguments.trust)
    frame = ranker.cluster_items(arguments.k, by=arguments.by, seed=arguments.seed)
    groups = [
        {
            "cluster": int(cluster),
            "name": part["name"].iloc[0],
            "items": len(part),
            "middle": part["title"].iloc[:SHOWN].tolist(),
        }
        for cluster, part in frame.groupby("cluster", sort=True)
    ]
    cells = [[*list(one.values())[:3], "; ".join(one["middle"])] for one in groups]
    output.rows(["cluster", "name", "items", "in the middle"], cells)
    if picture:
        from kerasrec.models.profiles.plot_clusters import plot_clusters

        plot_clusters(picture, frame)
        output.say(f"Drawn: {picture}")
    if arguments.output is not None:
        from kerasrec.files.replacing import replacing

        with replacing(arguments.output) as partial:
            frame.to_csv(partial, index=False)
        output.say(f"Written: {arguments.output}")
    output.result({"clusters": groups})
