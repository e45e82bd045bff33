"""AUC of resamples, within groups or of all rows."""

import numpy as np


def auc(rows):
    """Area under the ROC curve: the chance that a positive outscores a negative; ties count half.

    The rows are sorted once; a resample then costs a cumulative sum:

        AUC = sum over positives i of w_i (B_i + T_i / 2) / (P N)

    B is the weight of the negatives with a lower score, T that of those with the same score, P and
    N are the weights of all positives and negatives.

    Args:
        rows: `Predictions` with labels 0 and 1.

    Returns:
        A function of counts `(num_requests,)`: AUC, or None where one class is missing.

    Source: Hanley and McNeil, The meaning and use of the area under a ROC curve, Radiology 1982.
    """
    return grouped_auc(rows, np.zeros(len(rows), "int64"))


def grouped_auc(rows, groups):
    """Mean over groups of the AUC within a group, weighted by the weight of its rows.

        sum over groups g of W_g AUC_g / sum over groups g of W_g

    Groups with one class are left out.

    Args:
        rows: `Predictions` with labels 0 and 1.
        groups: int64 (rows,) from 0, such as users or requests.

    Returns:
        A function of counts `(num_requests,)`: the mean, or None where every group has one class.

    Source: Zhu et al., Optimized cost per click in Taobao display advertising, KDD 2017.
    """
    row = np.flatnonzero(has_both_classes(rows, groups)[groups])
    if not len(row):
        return lambda counts: None
    row = row[np.lexsort((rows.predictions[row], groups[row]))]
    positive = rows.labels[row] == 1
    new_group = _changes(groups[row])
    new_score = new_group | _changes(rows.predictions[row])
    # before[i]: how many negatives are in the first i rows.
    before = np.append(0, np.cumsum(~positive))
    edges = np.flatnonzero(new_group)
    negative_edges, positive_edges = before[edges], edges - before[edges]
    runs = np.append(np.flatnonzero(new_score), len(row))
    run = np.cumsum(new_score)[positive] - 1
    low, high = before[runs[run]], before[runs[run + 1]]
    begin = negative_edges[np.cumsum(new_group)[positive] - 1]
    positives, negatives = row[positive], row[~positive]
    request, weight = rows.requests[positives], rows.weights[positives]
    negative_request, negative_weight = rows.requests[negatives], rows.weights[negatives]

    def value(counts):
        # The weight of the first i negatives.
        below = np.append(0.0, np.cumsum(counts[negative_request] * negative_weight))
        weights = counts[request] * weight
        wins = weights * ((below[low] + below[high]) / 2 - below[begin])
        wins = np.add.reduceat(wins, positive_edges)
        of_positives = np.add.reduceat(weights, positive_edges)
        of_negatives = np.diff(below[np.append(negative_edges, len(negatives))])
        pairs, totals = of_positives * of_negatives, of_positives + of_negatives
        both = pairs > 0
        if not both.any():
            return None
        return float(np.average(wins[both] / pairs[both], weights=totals[both]))

    return value


def _changes(values):
    """bool: whether each value differs from the one before it; true for the first."""
    return np.append(True, values[1:] != values[:-1])


def has_both_classes(rows, groups):
    """bool (groups,): whether rows of weight above 0 with label 0 and with label 1 are in it."""
    size = int(groups.max(initial=-1)) + 1
    positives = np.bincount(groups, (rows.labels == 1) & (rows.weights > 0), size)
    counted = np.bincount(groups, rows.weights > 0, size)
    return (positives > 0) & (positives < counted)
