"""The best of many items by their vectors, inside the graph that is served."""

from kerasrec.export.search.allowed import search_allowed as search_allowed
from kerasrec.export.search.exact_index import ExactIndex as ExactIndex
from kerasrec.export.search.ivf_index import IVFIndex as IVFIndex
