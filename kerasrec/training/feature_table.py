"""The table of items or users that a config names, as arguments."""


def feature_table(node, kind):
    """The keyword arguments of `Interactions.from_frame` for a table of items or users.

    Args:
        node: `TableNode`, or None for no table.
        kind: "item" or "user".
    """
    if node is None:
        return {}
    features = features_of(node.features)
    found = {f"{kind}_frame": node.path, f"{kind}_id": node.id or kind}
    found |= {f"{kind}_features": features}
    return found | ({"item_title": node.title} if kind == "item" else {})


def features_of(nodes):
    """The options of `FeatureNode`s by name, as `Catalog.from_frame` takes them."""
    return {
        name: {
            "kind": feature.kind,
            "column": name if feature.column is None else feature.column,
            **feature.arguments,
        }
        for name, feature in nodes.items()
    }
