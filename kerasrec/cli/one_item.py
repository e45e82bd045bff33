"""The items that are similar to one, as a table."""

import warnings

from kerasrec.batch_inference.export_files import export_k, read_ids, titles_of
from kerasrec.cli.heavy import import_keras
from kerasrec.cli.one_query import load_export
from kerasrec.cli.saved import find_checkpoint, find_export
from kerasrec.errors import InputError

SHOWN = 5
AFTER = "the model has no item vectors to compare: these are its recommendations after this item"


def show_similar(arguments, output, exclude, allow):
    """Prints the items similar to `arguments.item`, an id or a title.

    A model without item vectors answers with its recommendations after the item alone.
    """
    export = find_export(arguments.source)
    answer = _from_checkpoint if export is None else _from_export
    item, title, rows, notes = answer(export, arguments, exclude, allow)
    for note in notes:
        output.note(note)
    named = item if title == item else f"{item}, {title}"
    columns = ["rank", "item", "score", "title"]
    cells = [[row["rank"], row["item"], f"{row['score']:.4f}", row["title"]] for row in rows]
    output.rows(columns, cells, title=f"Similar to {named}")
    output.result({"item": item, "title": title, "similar_items": rows, "notes": notes})


def find_item(text, titles):
    """The id that a text is, or the only one with this title.

    Args:
        text: An id or a title; capitals do not count in a title.
        titles: Title of each item, by its id.

    Raises:
        InputError: for no such item, with titles that contain the text, or for several.

    >>> find_item("heat", {"7": "Heat", "8": "Casino"})
    '7'
    """
    if text in titles:
        return text
    plain = text.casefold()
    found = [item for item, title in titles.items() if title.casefold() == plain]
    if len(found) == 1:
        return found[0]
    if not found and plain.strip():
        found = [item for item, title in titles.items() if plain in title.casefold()]
    if not found:
        raise InputError(f"the model does not know the item {text!r}: give an id or a title of it")
    near = "; ".join(f"{item}: {titles[item]}" for item in found[:SHOWN])
    more = f"; and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    raise InputError(f"no item has the id {text!r}; give one of these ids: {near}{more}")


def _from_checkpoint(export, arguments, exclude, allow):
    checkpoint = find_checkpoint(arguments.source)
    import_keras()
    from kerasrec.models import load

    model = load(checkpoint, trust=arguments.trust)
    ids = model.items.vocabulary.ids
    titles = dict(zip(ids, map(str, model.items.title_of(model.items.vocabulary.rows(ids))),
                      strict=True))  # fmt: skip
    item = find_item(arguments.item, titles)
    limits, notes = {"k": arguments.k, "exclude": exclude, "allow": allow}, []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if model.searchable:
            frame = model.similar_items([item], **limits)
        else:
            frame = model.recommend(histories=[[item]], **limits)
            notes.append(AFTER)
    notes += [str(one.message) for one in caught]
    rows = frame[["rank", "item", "score", "title"]].to_dict("records")
    return item, titles[item], rows, notes


def _from_export(export, arguments, exclude, allow):
    loaded, about = load_export(export, arguments.trust)
    with loaded:
        titles = titles_of(export, read_ids(export, "items"))
        item = find_item(arguments.item, titles)
        k, notes = export_k(about, arguments.k)
        request = {"exclude": [exclude or [""]], "allow": [allow or [""]], "k": [k]}
        if "similar_items" in loaded.signatures:
            answer = loaded.run("similar_items", {"item": [item], **request})
        elif "history" in loaded.signatures["recommend"].inputs:
            answer = loaded.run("recommend", {"history": [[item]], **request})
            notes = [*notes, AFTER]
        else:
            raise InputError(f"{export} has no item vectors to compare and reads no history")
    pairs = zip(answer["item"][0].tolist(), answer["score"][0].tolist(), strict=True)
    rows = [
        {"rank": rank, "item": one.decode(), "score": score, "title": titles[one.decode()]}
        for rank, (one, score) in enumerate(pairs, 1)
        if one
    ]
    return item, titles[item], rows, notes
