"""A request as the columns that a signature reads, all with the same number of rows."""

from kerasrec.errors import InputError

LISTS = {"history": "", "behavior": "", "timestamp": 0, "exclude": "", "allow": ""}


def columns(signature, rows, given):
    """Every input of `signature` as a list with one entry for each row.

    All inputs are sent, also those nobody named: TF Serving's REST API asks for each of them
    (util/json_tensor.cc), and its batching for equal first dimensions (batching_session.cc). Every
    row of a list begins with padding, since a server that fills requests up to one length repeats
    the first value it finds (batching_util.cc).

    Args:
        signature: `Signature`.
        rows: How many.
        given: Values by input, one for each row; an input that is not there is not asked for.

    Raises:
        InputError: for an input that the signature does not have.

    >>> from kerasrec.client.metadata import Signature, Tensor
    >>> lists = Tensor("string", (None, None))
    >>> signature = Signature({"history": lists, "exclude": lists}, {})
    >>> columns(signature, 2, {"history": [["a", "b"], ["c"]]})
    {'history': [['', 'a', 'b'], ['', '', 'c']], 'exclude': [[''], ['']]}
    """
    for name in given:
        if name not in signature.inputs:
            raise InputError(
                f"the model takes no {name}: it reads {', '.join(sorted(signature.inputs))}"
            )
    otherwise = {"user": "", "repeats": ""}
    # What was done at each item of a history, and when, is as long as the history.
    past = given.get("history", [[]] * rows)
    filled = {}
    for name in signature.inputs:
        if name in LISTS:
            parallel = name in ("behavior", "timestamp")
            nothing = [[LISTS[name]] * len(each) if parallel else [] for each in past]
            filled[name] = _rectangle(given.get(name, nothing), LISTS[name])
        elif name in given or name in otherwise:
            filled[name] = given.get(name, [otherwise.get(name)] * rows)
        else:
            raise InputError(f"the model reads {name!r}, which this client does not know")
    return filled


def _rectangle(lists, padding):
    longest = max(map(len, lists))
    return [[padding] * (1 + longest - len(each)) + list(each) for each in lists]
