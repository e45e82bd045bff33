"""The reasons in an answer of the signature `recommend_explained`."""

EXPLAINED = "recommend_explained"


def export_reasons(answer, place, titles):
    """What the score of one item comes from, with the names of `Recommender.recommend`.

    Args:
        answer: Outputs of the signature by name.
        place: Index of the item in `answer["item"]`.
        titles: Title of each item, by its id.
    """
    names = ("from_behavior", "from_content")
    found = {name: float(answer[name][place]) for name in names if name in answer}
    if "reason" in answer:
        pairs = zip(answer["reason_item"][place], answer["reason"][place], strict=True)
        pairs = [(item.decode(), float(part)) for item, part in pairs if item]
        found["reasons"] = [
            {"item": item, "title": titles.get(item, item), "contribution": part}
            for item, part in pairs
        ]
    if "word" in answer:
        columns = (answer[name][place] for name in ("word", "word_feature", "word_reason"))
        found["words"] = [
            {"word": word.decode(), "feature": feature.decode(), "contribution": float(part)}
            for word, feature, part in zip(*columns, strict=True)
            if word
        ]
    return found
