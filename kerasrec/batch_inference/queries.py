"""Some of the queries of a batch inference."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Queries:
    """Consecutive queries, with the ids as texts.

    Args:
        names: The user id, item id or row number of each query.
        users: The user ids, None for queries without a user; "" is an unknown user.
        histories: A list of item ids for each query, None for the stored histories.
        behaviors, timestamps, values: In lists of the same lengths, None where they are not known.
        context: Features of the request by name, a list with a value for each query.
    """

    names: list
    users: list | None = None
    histories: list | None = None
    behaviors: list | None = None
    timestamps: list | None = None
    values: list | None = None
    context: dict = dataclasses.field(default_factory=dict)

    def __len__(self):
        return len(self.names)

    def take(self, places):
        """The queries at these places."""
        columns = (getattr(self, field.name) for field in dataclasses.fields(self)[:-1])
        columns = [None if one is None else [one[i] for i in places] for one in columns]
        context = {name: [one[i] for i in places] for name, one in self.context.items()}
        return Queries(*columns, context)
