"""Finds ids by what somebody types of them or of their titles."""

import unicodedata

# So many places are ranked; a query that matches more is too short to rank by.
RANKED = 10_000


class IdSearch:
    """Ids with titles, searched by parts of words; case and accents do not matter.

    First comes the id that was typed, then titles and ids that begin with the query, then those of
    which each word of the query begins a word, then those that hold each word anywhere. Within
    each, the order of `ids`.

    Args:
        ids: Strings.
        titles: As many, "" where there is none; None for none at all.

    >>> search = IdSearch(["b1", "b2", "b3"], ["Café noir", "The café", "Decafe"])
    >>> search.find("CAFE", 3)
    ['b1', 'b2', 'b3']
    """

    def __init__(self, ids, titles=None):
        self.ids = ids
        self.titles = dict(zip(ids, titles, strict=True)) if titles else {}
        self._texts = [
            _folded(f" {self.titles[each]} {each}" if self.titles.get(each) else f" {each}")
            for each in ids
        ]
        self._rows = {each: row for row, each in enumerate(ids)}

    def title(self, each):
        """The title of an id, "" where it is not known."""
        return self.titles.get(each, "")

    def find(self, query, limit):
        """At most `limit` ids, the best first; for an empty query the first ids."""
        words = _folded(query).split()
        if not words:
            return self.ids[:limit]
        longest = max(words, key=len)
        rows = [row for row, text in enumerate(self._texts) if longest in text]
        whole, rank = " " + " ".join(words), {}
        for row in rows[:RANKED]:
            text = self._texts[row]
            if all(word in text for word in words):
                begins = text.startswith(whole) or text.endswith(whole)
                starts = all(f" {word}" in text for word in words)
                rank[row] = 1 if begins else 2 if starts else 3
        if query.strip() in self._rows:
            rank[self._rows[query.strip()]] = 0
        return [self.ids[row] for row in sorted(rank, key=lambda row: (rank[row], row))[:limit]]


def _folded(text):
    parts = unicodedata.normalize("NFKD", text)
    return "".join(each for each in parts if not unicodedata.combining(each)).casefold()
