"""Items that were added or hidden, in each SQL database."""

from kerasrec.events import open_store
from kerasrec.events.item_changes import ItemChanges


def test_the_last_change_of_each_item_counts(url):
    with open_store(url) as store, open_store(url) as other:
        changes, elsewhere = ItemChanges(store), ItemChanges(other)
        changes.put("a", '{"text": "ü \\u0000"}')
        elsewhere.put("b", hidden=True)
        changes.put("c", "{}")
        assert [one[:3] for one in elsewhere.after(0)] == [
            ("a", True, False), ("b", False, True), ("c", True, False),
        ]  # fmt: skip
        seen = elsewhere.after(0)[-1].change
        changes.put("b")
        elsewhere.put("a", hidden=True)
        assert [one[:3] for one in changes.after(seen)] == [
            ("b", False, False), ("a", False, True),
        ]  # fmt: skip
        assert changes.features("c") == "{}" and changes.features("a") is None
        assert changes.features("nothing") is None
        # b is as exported again.
        assert changes.page() == [("a", None, True), ("c", "{}", False)]
        assert changes.page(after="a", limit=1) == [("c", "{}", False)]
        changes.put("a", '{"text": "ü \\u0000"}')
        assert elsewhere.features("a") == '{"text": "ü \\u0000"}'
    with open_store(url) as store:
        assert len(ItemChanges(store).after(0)) == 3
