"""What was shown and what people did: a schema, stores, and frames to learn from."""

from kerasrec.events.event import Event as Event
from kerasrec.events.event_store import EventStore as EventStore
from kerasrec.events.event_store import pages as pages
from kerasrec.events.open_store import open_store as open_store
from kerasrec.events.read_event import read_event as read_event
from kerasrec.events.read_impressions import read_impressions as read_impressions
from kerasrec.events.read_interactions import read_interactions as read_interactions
from kerasrec.events.store_error import StoreAway as StoreAway
from kerasrec.events.store_error import StoreError as StoreError
from kerasrec.events.store_error import StoreFull as StoreFull
