"""Finds ids by parts of the ids or of their titles, for the search box of the page."""

import unicodedata

# Maximum number of matches that are ranked; a query with more is too short for a useful ranking.
MAX_RANKED = 10_000


class IdSearch:
    """Searches ids and titles by parts of words, without regard to case and accents.

    Results are in this order: the id that equals the query; titles and ids that begin with the
    query; those in which each word of the query begins a word; those that contain each word. Equal
    ranks keep the order of `ids`.

    Args:
        ids: Strings.
        titles: One for each id, "" for no title; None if no id has a title.

    >>> search = IdSearch(["b1", "b2", "b3"], ["Café noir", "The café", "Decafe"])
    >>> search.find("CAFE", 3)
    ['b1', 'b2', 'b3']
    """

    def __init__(self, ids, titles=None):
        self.ids = ids
        self.titles = dict(zip(ids, titles, strict=True)) if titles else {}
        self._texts = [
            _fold(f" {self.titles[name]} {name}" if self.titles.get(name) else f" {name}")
            for name in ids
        ]
        self._rows = {name: row for row, name in enumerate(ids)}

    def title(self, name):
        """Returns the title of an id, "" if there is none."""
        return self.titles.get(name, "")

    def find(self, query, limit):
        """Returns at most `limit` ids, best first; the first ids for an empty query."""
        words = _fold(query).split()
        if not words:
            return self.ids[:limit]
        longest = max(words, key=len)
        rows = [row for row, text in enumerate(self._texts) if longest in text]
        whole, rank = " " + " ".join(words), {}
        for row in rows[:MAX_RANKED]:
            text = self._texts[row]
            if all(word in text for word in words):
                begins = text.startswith(whole) or text.endswith(whole)
                starts = all(f" {word}" in text for word in words)
                rank[row] = 1 if begins else 2 if starts else 3
        if query.strip() in self._rows:
            rank[self._rows[query.strip()]] = 0
        return [self.ids[row] for row in sorted(rank, key=lambda row: (rank[row], row))[:limit]]


def _fold(text):
    """Removes accents and case."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(char for char in parts if not unicodedata.combining(char)).casefold()
