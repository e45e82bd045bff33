"""The inputs about the items of an answer: which may be, and which come first."""

from kerasrec.client.request import texts
from kerasrec.errors import InputError
from kerasrec.id_list import id_factors


def limits(rows, exclude, allow):
    """The inputs that limit the items of an answer, of those given."""
    found = {"exclude": texts(() if exclude is None else exclude, "exclude", ordered=False)}
    if allow is not None:
        found["allow"] = texts(allow, "allow", ordered=False)
        if not any(found["allow"]):
            raise InputError("allow has no item: nothing can be recommended")
    return {name: [ids] * rows for name, ids in found.items() if ids}


def wishes(rows, pin, boost):
    """The inputs that only a model with rules has, of those given."""
    given, boost = {}, id_factors({} if boost is None else boost, "boost")
    if pins := texts(() if pin is None else pin, "pin"):
        given["pin"] = [pins] * rows
    if boost:
        given["boost"] = [texts(boost.keys(), "boost")] * rows
        given["boost_factor"] = [list(boost.values())] * rows
    return given
