"""The best 100 of many items inside the served graph, compared with faiss and the memory bound.

    python -m benchmarks retrieval [--items 1000000] [--batch 1 64]

Vectors are synthetic and clustered, of length 1: about 200 items around each of up to 5,000
directions, more for larger catalogues. Our indexes run in a `tf.function` with unknown batch size,
as in a signature. The bound is NumPy's product of the same matrices on the same threads; at a batch
of 1 it is limited by memory bandwidth. In every round each method is called twice, and the second
call is timed. Approximate indexes scan the least that reaches a recall of .95; their recall is
noted, ours as measured by the export. faiss takes part if it is installed:
benchmarks/requirements-faiss.txt.
"""

import importlib.util
import time

import numpy as np

from benchmarks.runner.report import Bar, Report, Row, Table

K, RECALL, NEAR, DIRECTIONS = 100, 0.95, 200, 5000
BOUND = "NumPy product (the bound)"
EXACT, BFLOAT16, IVF = "exact, float32", "exact, bfloat16", "ivf"
FLAT, FAISS_IVF = "faiss Flat", "faiss IVF"
NUM_RECALL_QUERIES = 1000


def add_arguments(parser):
    parser.add_argument(
        "--items", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000]
    )
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument(
        "--exact",
        action="store_true",
        help="no approximate index; buckets of 10,000,000 items take some minutes",
    )


def clustered(count, queries, dim, seed=0):
    """Unit vectors `(count + 2, dim)`, rows 0 and 1 as in a catalogue, and `(queries, dim)`."""
    generator = np.random.default_rng(seed)
    many = min(max(2, count // NEAR), DIRECTIONS)
    directions = generator.normal(size=(many, dim)).astype("float32")

    def near(number):
        found = generator.standard_normal((number, dim), "float32")
        found *= 0.7
        found += directions[generator.integers(0, len(directions), number)]
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found

    return near(count + 2), near(queries)


def search_in_graph(index, dim):
    """Makes a function of queries that searches in a graph, as a signature does."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((None, dim))])
    def search(queries):
        return index.search(queries, K, tf.zeros([tf.shape(queries)[0], 1], tf.int32))

    return lambda queries: search(queries)["rows"].numpy()


def faiss_peers(vectors, queries, best):
    """Dicts of name to search function, and of name to note."""
    import faiss

    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    count = 2 ** round(np.log2(np.sqrt(len(vectors))))
    started = time.perf_counter()
    ivf = faiss.index_factory(vectors.shape[1], f"IVF{count},Flat", faiss.METRIC_INNER_PRODUCT)
    ivf.train(vectors)
    ivf.add(vectors)
    spent = time.perf_counter() - started
    ivf.nprobe, recall = 0, 0.0
    while recall < RECALL and ivf.nprobe < count:
        ivf.nprobe += 1
        recall = recall_of(ivf.search(queries, K)[1], best)
    peers = {
        FLAT: lambda queries: flat.search(queries, K)[1],
        FAISS_IVF: lambda queries: ivf.search(queries, K)[1],
    }
    note = f"recall {recall:.3f}, {ivf.nprobe} of {count} lists, built in {spent:.0f} s"
    return peers, {FAISS_IVF: note}


def product(queries, vectors):
    """Computes all scores, at most 256 MiB at a time."""
    if len(queries) == 1:
        return vectors @ queries[0]
    for start in range(0, len(vectors), 2**20):
        queries @ vectors[start : start + 2**20].T


def recall_of(found, best):
    return float(
        np.mean([np.isin(one, other).mean() for one, other in zip(best, found, strict=True)])
    )


def peers_of(items, dim, approximate, say):
    """Returns queries, a dict of name to search function, and a dict of name to note."""
    from kerasrec.errors import InputError
    from kerasrec.export.search.exact_index import ExactIndex
    from kerasrec.export.search.ivf_index import IVFIndex
    from kerasrec.tables.memory import free_memory

    vectors, queries = clustered(items, NUM_RECALL_QUERIES + 64, dim)
    timed_queries, measured = queries[:64], queries[64:]
    say(f"{items:,} items: indexes")
    started = time.perf_counter()
    notes, index = {BOUND: f"{vectors.nbytes / 1e6:,.0f} MB"}, None
    if approximate:
        try:
            index = IVFIndex.build(vectors, measured, RECALL, K)
            metadata, spent = index.metadata(), time.perf_counter() - started
            notes[IVF] = (
                f"recall {metadata['recall']:.3f}, {metadata['probes']} of {metadata['pages']} "
                f"pages, built in {spent:.0f} s"
            )
        except InputError:
            notes[IVF] = "refused: needs more than an eighth of the items"
    exact = index.exact if index else ExactIndex(vectors)
    half = ExactIndex(vectors, "bfloat16")
    nothing = np.zeros((len(measured), 1), "int32")
    best = exact.search(measured, K, nothing)["rows"].numpy()
    peers = {
        BOUND: lambda queries: product(queries, vectors),
        EXACT: search_in_graph(exact, dim),
        BFLOAT16: search_in_graph(half, dim),
        IVF: search_in_graph(index, dim) if index else None,
    }
    found = half.search(measured, K, nothing)["rows"].numpy()
    notes[BFLOAT16] = f"recall {recall_of(found, best):.3f}"
    if not approximate:
        notes |= dict.fromkeys((IVF, FLAT, FAISS_IVF), "not requested")
    elif not importlib.util.find_spec("faiss"):
        notes |= dict.fromkeys((FLAT, FAISS_IVF), "not installed")
    elif free_memory() < 3 * vectors.nbytes:
        notes |= dict.fromkeys((FLAT, FAISS_IVF), "no memory for two more tables")
    else:
        say(f"{items:,} items: faiss")
        theirs = faiss_peers(vectors, measured, best)
        peers |= theirs[0]
        notes |= theirs[1]
    return timed_queries, peers, notes


def time_call(call, queries):
    call(queries)
    started = time.perf_counter()
    call(queries)
    return (time.perf_counter() - started) * 1000


def measure(arguments, say):
    if arguments.quick:
        arguments.items, arguments.dim = [20_000], 8
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 15)
    tables = []
    for items in arguments.items:
        queries, peers, notes = peers_of(items, arguments.dim, not arguments.exact, say)
        for batch in arguments.batch:
            say(f"{items:,} items, batch {batch}")
            samples = {name: [] for name in peers}
            for turn in range(arguments.rounds + 1):
                for name, call in peers.items():
                    spent = call and time_call(call, queries[:batch])
                    if turn and call:  # the first round traces the graph
                        samples[name].append(spent)
            rows = [Row(name, tuple(x), notes.get(name, "")) for name, x in samples.items()]
            rows += [Row(name, note=notes[name]) for name in (FLAT, FAISS_IVF) if name not in peers]
            title = f"{items:,} items x {arguments.dim}, top {K}, batch {batch}"
            tables.append(Table(title, "ms", tuple(rows), BOUND))
    settings = {name: getattr(arguments, name) for name in ("items", "batch", "dim", "rounds")}
    bars = [] if arguments.quick else list(bars_of(tables))
    return Report("Retrieval inside the graph", settings, tables, bars)


def bars_of(tables):
    for table in tables:
        if not table.title.endswith("batch 1"):
            continue
        if table.title.startswith(("1,000,000 ", "10,000,000 ")):
            label = f"exact / the bound: {table.title}"
            yield Bar(label, table.ratio(EXACT, BOUND), 1.5)
        if table.title.startswith("1,000,000 "):
            label = f"exact / ivf at a recall of {RECALL}: {table.title}"
            yield Bar(label, table.ratio(EXACT, IVF), 8, at_least=True)
