"""Search for the items with the largest dot products, inside the served graph."""

from kerasrec.export.search.blend_index import BlendIndex as BlendIndex
from kerasrec.export.search.exact_index import ExactIndex as ExactIndex
from kerasrec.export.search.index_pool import IndexPool as IndexPool
from kerasrec.export.search.ivf_index import IVFIndex as IVFIndex
from kerasrec.export.search.whitelist import search_allowed as search_allowed
