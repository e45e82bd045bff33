import itertools

import numpy as np
import pytest

from kerasrec.data.text_tokens import (
    frequent_tokens,
    spaced_bigrams,
    split_texts,
    text_layer,
    unspaced,
)

# What is right is written out by hand.
TOKENS = {
    "我爱北京天安门。": "我爱 爱北 北京 京天 天安 安门",
    "我": "我",
    "我 爱": "我 爱",
    "iPhone手机壳X can't": "iphone 手机 机壳 x cant",
    "红色,蓝色5.5英寸": "红色 蓝色 55 英寸",
    "“红色”和——蓝色……《书》": "红色 和 蓝色 书",
    "全角ＡＢＣ１２３！？（中）": "全角 ＡＢＣ１２３ 中",
    "東京\n大阪　京都、奈良・神戸": "東京 大阪 京都 奈良 神戸",
    "コーヒーが いい": "コー ーヒ ヒー ーが いい",
    "人々": "人々",
    # A voice mark belongs to its kana: combining, half-width.
    "か\u3099き\u3099く": "か\u3099き\u3099 き\u3099く",
    "ﾊﾟﾝｹｰｷ": "ﾊﾟﾝ ﾝｹ ｹｰ ｰｷ",
    "ㄅㄆㄇ": "ㄅㄆ ㄆㄇ",
    # Vowels and tones belong to their consonant.
    "กินข้าว ดี": "กิน นข้ ข้า าว ดี",
    "ຂ້ອຍ": "ຂ້ອ ອຍ",
    "ខ្ញុំ\u200bស្រលាញ់។": "ខ្ញុំ ស្រ រលា លាញ់",
    "မြန်မာ။ကို": "မြန် န်မာ ကို",
    "好吃😋👍🏽 yes": "好吃 😋👍 yes",
    "好\x01吃\x02": "好 吃",
    "한국어 말": "한국어 말",
    "Plain, old-fashioned words: O'Neil’s «café»": "plain oldfashioned words oneils café",
    "e\u0301tude": "e\u0301tude",
    " 。！ ": "",
    "": "",
}


def by_definition(run):
    return [run] if len(run) == 1 else ["".join(pair) for pair in itertools.pairwise(run)]


def test_tokens_of_all_scripts():
    found = [text.decode().split() for text in spaced_bigrams(list(TOKENS)).numpy()]
    assert dict(zip(TOKENS, found, strict=True)) == {
        text: tokens.split() for text, tokens in TOKENS.items()
    }
    tokens, counts = split_texts(list(TOKENS), "bigrams")
    assert counts.tolist() == [len(tokens.split()) for tokens in TOKENS.values()]
    assert tokens.to_pylist() == " ".join(TOKENS.values()).split()


def test_runs_of_every_length_are_their_pairs():
    runs = ["東西南北春夏秋冬"[:length] for length in range(1, 9)]
    text = " and ".join(runs)
    expected = [token for run in runs for token in [*by_definition(run), "and"]][:-1]
    assert spaced_bigrams([text]).numpy()[0].decode().split() == expected


def test_which_scripts_have_no_spaces():
    texts = [
        "猫",
        "a ネコ b",
        "แมว",
        "\nがx",
        "cat",
        "кот",
        "고양이",
        "١٢٣",
        "😺",
        "ＣＡＴ",
        "",
        "。",
    ]
    assert unspaced(texts).tolist() == [True] * 4 + [False] * 8


@pytest.mark.parametrize("tokenizer", ["words", "bigrams"])
def test_tokens_are_those_of_the_layer_that_is_exported(tokenizer):
    random = np.random.default_rng(0)
    signs = list(" \t\n\r\x0b\x0c\x1c\x85\u3000\xa0abÀéAB'’!?[]UNK.-\x01我爱北京ーがกินข้าว")
    signs += [chr(code) for code in range(0x100, 0xD800, 97)]
    texts = ["".join(random.choice(signs, random.integers(20))) for _ in range(2000)]
    layer = text_layer(tokenizer, max_tokens=500)
    layer.adapt(texts)
    tokens, counts = split_texts(texts, tokenizer)
    vocabulary = frequent_tokens(tokens, 498)
    assert vocabulary == [str(token) for token in layer.get_vocabulary()[2:]]
    row = {token: number for number, token in enumerate(vocabulary, 2)}
    expected = np.asarray(layer(texts))
    assert counts.tolist() == np.count_nonzero(expected, axis=1).tolist()
    assert [row.get(token, 1) for token in tokens.to_pylist()] == expected[expected > 0].tolist()
