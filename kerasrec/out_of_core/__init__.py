"""Tables larger than memory: prepared once on disk by DuckDB, read in parts."""

from kerasrec.out_of_core.prepare import prepare as prepare
from kerasrec.out_of_core.prepare_impressions import prepare_impressions as prepare_impressions
from kerasrec.out_of_core.prepared import Prepared as Prepared
from kerasrec.out_of_core.prepared_impressions import PreparedImpressions as PreparedImpressions
from kerasrec.out_of_core.sql_query import SqlQuery as SqlQuery
from kerasrec.out_of_core.stored_impressions import StoredImpressions as StoredImpressions
from kerasrec.out_of_core.stored_interactions import StoredInteractions as StoredInteractions
from kerasrec.out_of_core.stream import stream as stream
from kerasrec.out_of_core.stream_impressions import stream_impressions as stream_impressions
