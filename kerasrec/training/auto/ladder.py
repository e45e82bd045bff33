"""Which models `kerasrec auto` tries on a table, with settings for its size.

The settings are those of the configs of this repository for tables of that kind.
"""

from kerasrec.training.auto.rung import Rung, epochs_a_validation, epochs_to_come

# With more items a step over all of them takes longer than one over a sample.
MOST_ITEMS = 50_000
# n^3 of EASE a second on two busy cores, as measured on 12,000 items.
INVERSIONS = 1.6e10
PATIENCE = 6
# Weights of the time's shares: where order matters, and where it does not.
IN_ORDER = {"SASRec": 4.0, "Hybrid": 2.0, "TwoTower": 1.0, "MatrixFactorization": 1.0}
WITHOUT = {"SASRec": 1.0, "Hybrid": 1.0, "TwoTower": 1.0, "MatrixFactorization": 3.0}


def counted_rungs(facts):
    """The models that count or solve, the cheapest first.

    Args:
        facts: `TableFacts`.
    """
    rungs = [
        Rung("Popularity", "Popularity"),
        Rung("ItemKNN", "ItemKNN"),
        Rung("ItemKNN (500 neighbours)", "ItemKNN", {"num_neighbours": 500}),
        Rung("Markov", "Markov"),
        Rung(
            "Markov (20 last items)",
            "Markov",
            {"num_neighbours": 500, "last": 20, "shrinkage": 200.0},
        ),
        Rung("Markov (last item)", "Markov", {"last": 1, "window": 1, "shrinkage": 10.0}),
    ]
    if facts.item_features:
        rungs.append(Rung("ContentKNN", "ContentKNN"))
    if facts.words:
        rungs.append(Rung("ContentKNN (BM25)", "ContentKNN", {"weighting": "bm25"}))
        sources = ["transitions", "cooccurrence", *facts.words]
        arguments = {"sources": sources, "num_neighbours": 400, "popularity_power": 0.0}
        rungs.append(Rung("Markov (and features)", "Markov", arguments))
    size = facts.num_items
    cost = {"seconds": size**3 / INVERSIONS, "bytes": 24.0 * size**2}
    # Many weights of a large table say little and take a gigabyte.
    kept = {"num_neighbours": 2000} if size > 10_000 else {}
    rungs += [
        Rung("EASE", "EASE", {"l2": 100.0, **kept}, **cost),
        Rung("EASE (l2 500)", "EASE", {"l2": 500.0, **kept}, **cost),
    ]
    return rungs


def trained_rungs(facts, order_matters):
    """The models that are trained, those that end early first: the last one gets what they leave.

    Args:
        facts: `TableFacts`.
        order_matters: Whether counts of what follows what are as good as those of what goes
            together.
    """
    weights = IN_ORDER if order_matters else WITHOUT
    rungs = [_matrix_factorization(facts)]
    if facts.user_features:
        rungs.append(_two_tower(facts))
    if facts.item_features:
        rungs.append(_hybrid(facts))
    rungs.append(_sasrec(facts))
    return [
        Rung(one.name, one.class_, one.arguments, one.train, weights[one.class_]) for one in rungs
    ]


def _sasrec(facts):
    arguments = {"dim": 128, "num_blocks": 2, "num_heads": 2, **_candidates(facts)}
    if facts.is_sparse:
        arguments |= {"hidden_factor": 4, "dropout": 0.5}
    else:
        arguments |= {"hidden_factor": 2, "dropout": 0.3, "gated": True}
    return Rung("SASRec", "SASRec", arguments, _of_sequences(facts))


def _hybrid(facts):
    arguments = {"dim": 128, "encoder": "code", "cell": "gru", "alpha": None, "id_dropout": 0.1}
    arguments |= {"dropout": 0.5 if facts.is_sparse else 0.25, **_candidates(facts)}
    return Rung("Hybrid", "Hybrid", arguments, _of_sequences(facts))


def _matrix_factorization(facts):
    arguments = {"dim": 128, "temperature": 0.1, **_sampled(facts, 2048)}
    return Rung("MatrixFactorization", "MatrixFactorization", arguments, _of_pairs(facts))


def _two_tower(facts):
    arguments = {"dim": 128, "temperature": 0.1, **_sampled(facts, 2048)}
    return Rung("TwoTower", "TwoTower", arguments, _of_pairs(facts))


def _of_sequences(facts):
    """How models of sequences are trained; an example is a history."""
    if facts.is_sparse:
        batch, optimizer = 16, {"class": "auto", "learning_rate": 0.001}
    else:
        batch, optimizer = 32, {"class": "Adam", "learning_rate": 0.002}
    if facts.interactions > 1_500_000:
        batch, optimizer = 4 * batch, {**optimizer, "learning_rate": 0.002}
    return _train(facts.users, batch, optimizer, facts)


def _of_pairs(facts):
    batch = 2048 if facts.interactions >= 200_000 else 512
    optimizer = {"class": "auto", "learning_rate": 0.005}
    return _train(facts.interactions, batch, optimizer, facts)


def _train(examples, batch_size, optimizer, facts):
    return {
        "epochs": epochs_to_come(examples, batch_size),
        "batch_size": batch_size,
        "optimizer": optimizer,
        "decay": "linear",
        "loss": "softmax",
        "patience": PATIENCE,
        "monitor": f"ndcg@{facts.k}",
        "validate_every": epochs_a_validation(examples, batch_size),
        "seed": 0,
    }


def _candidates(facts):
    return _sampled(facts, 1024) if facts.num_items > MOST_ITEMS else {"candidates": "all"}


def _sampled(facts, most):
    return {"candidates": "sampled", "num_negatives": min(most, max(1, facts.items - 1))}
