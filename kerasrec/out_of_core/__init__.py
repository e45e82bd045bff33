"""Tables larger than memory: prepared once on disk by DuckDB, read in parts."""

from kerasrec.out_of_core.prepare import prepare as prepare
from kerasrec.out_of_core.prepared import Prepared as Prepared
from kerasrec.out_of_core.sql_query import SqlQuery as SqlQuery
from kerasrec.out_of_core.stored_interactions import StoredInteractions as StoredInteractions
from kerasrec.out_of_core.stream import stream as stream
