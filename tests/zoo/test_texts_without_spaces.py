"""Planted: the words of a description decide who likes an item, and no space shows a word."""

import itertools

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches
from kerasrec.losses import Softmax
from kerasrec_zoo import ContentBased, ContentKNN

pytestmark = pytest.mark.slow

TOPICS, ITEMS, COLD, USERS, TAKEN = 4, 30, 6, 15, 8
# Of the cold items a user likes those of one topic: 5 of 24 by chance hold so much of them.
CHANCE = 5 / (TOPICS * COLD)
# Syllables of invented words.
SYLLABLES = {
    "chinese": list("天地山水火木金土日月星云风雨花草鸟鱼马牛红蓝白黑大小高长新古"),
    "japanese": [*"さくらやまかわみずそら空山川海花", "コー", "ラー", "メン", "がっ"],
    "thai": ["กา", "ข้า", "ดี", "เมื่", "น้ำ", "สี", "ไม้", "ปู่", "รู้", "ตา", "นก", "โต๊ะ", "เสือ"],
}


def described(script, between):
    """Texts of items, the topic of item n is n % TOPICS: half of the words are the topic's."""
    random = np.random.default_rng(7)
    pairs = ["".join(pair) for pair in itertools.permutations(SYLLABLES[script], 2)]
    words = random.permutation(pairs)[: 12 * (TOPICS + 1)].reshape(TOPICS + 1, 12)
    texts = []
    for item in range(TOPICS * (ITEMS + COLD)):
        own, any_ = (random.choice(words[row], 5) for row in (item % TOPICS, TOPICS))
        texts.append(between.join(random.permutation([*own, *any_])))
    return texts


def interactions(texts, **options):
    random = np.random.default_rng(1)
    rows = []
    for user in range(TOPICS * USERS):
        liked = np.arange(ITEMS) * TOPICS + user % TOPICS
        rows += [(user, item) for item in random.choice(liked, TAKEN, replace=False)]
    return Interactions.from_frame(
        pd.DataFrame(rows, columns=["user", "item"]),
        item_frame=pd.DataFrame({"item": np.arange(len(texts)), "text": texts}),
        item_features={"text": {"kind": "text", **options}},
    )


def cold_recall(model):
    """Recall@5 among the cold items, mean over users."""
    cold = np.arange(TOPICS * ITEMS, TOPICS * (ITEMS + COLD))
    users = np.arange(TOPICS * USERS)
    answer = model.recommend(users=users.astype(str), k=5, allow=cold.astype(str))
    hits = answer["item"].astype(int) % TOPICS == answer["user"].astype(int) % TOPICS
    return hits.sum() / (len(users) * COLD)


def counted(train):
    model = ContentKNN(train.schema())
    model.adapt(train)
    return model


@pytest.mark.parametrize("script", SYLLABLES)
def test_words_are_found_without_spaces(script):
    segmented = cold_recall(counted(interactions(described(script, " "), tokenizer="words")))
    without = described(script, "")
    assert cold_recall(counted(interactions(without, tokenizer="words"))) < 2 * CHANCE
    found = cold_recall(counted(interactions(without)))
    assert found > 2.5 * CHANCE and found > segmented - 0.1


def test_a_content_model_learns_from_them():
    train = interactions(described("thai", ""))
    keras.utils.set_random_seed(0)
    model = ContentBased(train.schema(), dim=16, code_dim=32)
    model.adapt(train)
    model.compile(keras.optimizers.Adam(0.02), Softmax())
    data = batches(train, model.train_inputs, steps="set", batch_size=16, history_length=8)
    model.fit(data, epochs=4, verbose=0)
    assert cold_recall(model) > 3 * CHANCE
