"""The logit of each ranker against its formula in NumPy, from the weights by name."""

import re

import numpy as np
import pandas as pd
import pytest

import kerasrec_zoo
from kerasrec.data import Impressions
from kerasrec.data.query_spec import ITEM

pytestmark = pytest.mark.usefixtures("without_graphs")
# One impression: the user, the device, the item and its price.
USER, DEVICE, ITEM_ROW, PRICE = 3, 2, 2, -1.0
FIELDS = {"user": USER, "device": DEVICE, "item": ITEM_ROW}


@pytest.fixture(scope="module")
def data():
    frame = pd.DataFrame({"user": list("uvvu"), "item": list("abab"), "device": list("xyxy")})
    frame["click"], frame["buy"] = [1, 0, 0, 1], [0, 0, 0, 1]
    return Impressions.from_frame(
        frame,
        labels={"click": {}, "buy": {}},
        context={"device": {"kind": "category"}},
        item_frame=pd.DataFrame({"item": ["a", "b"], "price": [1.0, 3.0]}),
        item_features={"price": {"kind": "number"}},
    )


def made(cls, data, history=None, **arguments):
    """An adapted model with random weights, its logits of the impression, and weights by name."""
    model, random = cls(data.schema(), dim=2, **arguments), np.random.default_rng(0)
    model.adapt(data)
    assert data.items.columns["price"][ITEM_ROW] == PRICE
    for weight in model.trainable_weights:
        weight.assign(random.normal(size=weight.shape))
    weights = {weight.path: np.array(weight) for weight in model.weights}
    return model, model_logits(model, history), weights


def model_logits(model, history=None):
    inputs = {"user": [USER], "device": [DEVICE], ITEM: [ITEM_ROW]}
    inputs |= {} if history is None else {"history": history}
    logits = model.logit_model({name: np.array(x, "int32") for name, x in inputs.items()})
    return {name: float(x[0]) for name, x in logits.items()}


def fields(w, request="request_vectors", item="item_vectors"):
    """Vectors `(4, dim)` of user, device, item and price."""
    return np.stack(
        [
            w[f"{request}/user/embeddings"][USER],
            w[f"{request}/device/embeddings"][DEVICE],
            w[f"{item}/item/embeddings"][ITEM_ROW],
            PRICE * w[f"{item}/item_price"][0],
        ]
    )


def linear(w, task):
    return fields(w, f"{task}_linear", f"{task}_linear").sum()


def mlp(w, name, x, activate=lambda x: np.maximum(x, 0)):
    """Layers of a `DenseStack`, in their order."""
    kernels = [path for path in w if path.startswith(f"{name}/") and path.endswith("kernel")]
    for path in kernels:
        x = activate(x @ w[path] + w[path.replace("kernel", "bias")])
    return x


def head(w, task, x):
    return float(w[f"{task}_bias/bias"] + x @ w[f"{task}_logit/kernel"][:, 0])


def pairs(v):
    return sum(v[f] @ v[g] for f in range(len(v)) for g in range(f))


def test_logistic_regression_by_hand(data):
    schema = data.schema()
    model = kerasrec_zoo.LogisticRegression(schema)
    model.adapt(data)
    # By hand: the level of half of the labels is 0.
    weights = {"user": 0.5, "device": -1.0, "item": 2.0, "price": 0.25}
    layer = model.get_layer("click_linear")
    for name, table in layer.tables.items():
        table.embeddings.assign(np.full(table.embeddings.shape, weights[name]))
    layer.directions["item_price"].assign([[weights["price"]]])
    found = model.predict_tasks(
        {"user": np.array([USER]), "device": np.array([DEVICE])}, np.array([ITEM_ROW])
    )
    logit = 0.5 - 1.0 + 2.0 - 0.25
    np.testing.assert_allclose(found["click"], 1 / (1 + np.exp(-logit)), rtol=1e-6)
    np.testing.assert_allclose(found["buy"], 0.25, rtol=1e-6)  # the level alone


def test_factorization_machine_by_hand(data):
    _, logits, w = made(kerasrec_zoo.FactorizationMachine, data)
    for task in ("click", "buy"):
        v = fields(w, f"request_{task}_vectors", f"item_{task}_vectors")
        expected = w[f"{task}_bias/bias"] + linear(w, task) + pairs(v)
        assert logits[task] == pytest.approx(expected, rel=1e-5)


def test_wide_deep_by_hand(data):
    _, logits, w = made(kerasrec_zoo.WideDeep, data, mlp=(3, 2))
    for task in ("click", "buy"):
        expected = linear(w, task) + head(w, task, mlp(w, "mlp", fields(w).ravel()))
        assert logits[task] == pytest.approx(expected, rel=1e-5)


def test_deep_fm_by_hand(data):
    _, logits, w = made(kerasrec_zoo.DeepFM, data, mlp=(3,))
    v = fields(w)
    for task in ("click", "buy"):
        expected = linear(w, task) + w[f"{task}_pairs/kernel"][0, 0] * pairs(v)
        expected += head(w, task, mlp(w, "mlp", v.ravel()))
        assert logits[task] == pytest.approx(expected, rel=1e-5)


def test_dcn_by_hand(data):
    _, logits, w = made(kerasrec_zoo.DCN, data, num_layers=1, mlp=(3,))
    x = fields(w).ravel()
    crossed = x * (x @ w["cross/kernel_0"] + w["cross/bias_0"]) + x
    hidden = np.concatenate([crossed, mlp(w, "mlp", x)])
    for task in ("click", "buy"):
        assert logits[task] == pytest.approx(head(w, task, hidden), rel=1e-5)


def test_dlrm_by_hand(data):
    _, logits, w = made(kerasrec_zoo.DLRM, data, bottom=(3,), top=(3,))
    bottom = mlp(w, "bottom", np.array([PRICE]))
    v = [w[f"vectors/{name}/embeddings"][row] for name, row in FIELDS.items()]
    every = [bottom, *v]
    products = [every[f] @ every[g] for f in range(4) for g in range(f)]
    hidden = mlp(w, "top", np.concatenate([bottom, products]))
    for task in ("click", "buy"):
        assert logits[task] == pytest.approx(head(w, task, hidden), rel=1e-5)


def test_auto_int_by_hand(data):
    given = {"num_layers": 1, "num_heads": 1, "attention_dim": 2, "mlp": (3,)}
    _, logits, w = made(kerasrec_zoo.AutoInt, data, **given)
    v = fields(w)
    query, key, value, through = (
        v @ w[f"attention_0/{name}"] for name in ("query", "key", "value", "residual")
    )
    mass = np.exp(query @ key.T)
    mixed = np.maximum(mass / mass.sum(1, keepdims=True) @ value + through, 0)
    hidden = np.concatenate([mixed.ravel(), mlp(w, "mlp", v.ravel())])
    for task in ("click", "buy"):
        assert logits[task] == pytest.approx(head(w, task, hidden), rel=1e-5)


def test_final_mlp_by_hand(data):
    given = {"first": (2,), "second": (3,), "gate": (2,), "num_heads": 1}
    _, logits, w = made(kerasrec_zoo.FinalMLP, data, **given)
    v, streams = fields(w), []
    for number, context in ((1, v[:2]), (2, v[2:])):
        gate = {path: x for path, x in w.items() if path.startswith(f"gate_{number}/")}
        kernels = [path for path in gate if path.endswith("kernel")]
        first, last = sorted(kernels, key=lambda path: path.endswith("gate/kernel"))
        hidden = context.ravel() @ gate[first] + gate[first.replace("kernel", "bias")]
        opened = np.maximum(hidden, 0) @ gate[last] + gate[last.replace("kernel", "bias")]
        streams.append(mlp(w, f"mlp_{number}", 2 / (1 + np.exp(-opened)) * v.ravel()))
    x, y = streams
    for task in ("click", "buy"):
        one = {name: w[f"{task}_fusion/{name}"] for name in ("first_kernel", "second_kernel")}
        expected = w[f"{task}_bias/bias"] + w[f"{task}_fusion/bias"]
        expected += x @ one["first_kernel"][:, 0] + y @ one["second_kernel"][:, 0]
        expected += x @ w[f"{task}_fusion/heads"][0] @ y
        assert logits[task] == pytest.approx(float(expected), rel=1e-5)


def test_shared_bottom_by_hand(data):
    _, logits, w = made(kerasrec_zoo.SharedBottom, data, bottom=(3, 2), tower=(2,))
    x = mlp(w, "bottom", fields(w).ravel())
    for task in ("click", "buy"):
        expected = head(w, task, mlp(w, f"{task}_tower", x))
        assert logits[task] == pytest.approx(expected, rel=1e-5)


def test_mmoe_by_hand(data):
    given = {"num_experts": 2, "expert": (3,), "tower": (2,)}
    model, logits, w = made(kerasrec_zoo.MMoE, data, **given)
    x = fields(w).ravel()
    kernels = [p for p in w if p.startswith("experts/dense_stack") and p.endswith("kernel")]
    experts = [np.maximum(x @ w[p] + w[p.replace("kernel", "bias")], 0) for p in kernels]
    gates = model.gates({"user": np.array([USER]), "device": np.array([DEVICE])}, [ITEM_ROW])
    for k, task in enumerate(("click", "buy")):
        mass = np.exp(x @ w[f"experts/gate_{k}/kernel"])
        np.testing.assert_allclose(gates[0, k], mass / mass.sum(), rtol=1e-5)
        mixed = (mass / mass.sum()) @ np.stack(experts)
        expected = head(w, task, mlp(w, f"{task}_tower", mixed))
        assert logits[task] == pytest.approx(expected, rel=1e-5)


def test_ple_gates_are_those_of_each_task(data):
    given = {"num_levels": 1, "num_task_experts": 1, "num_shared_experts": 2}
    model, _, w = made(kerasrec_zoo.PLE, data, expert=(3,), tower=(2,), **given)
    x = fields(w).ravel()
    gates = model.gates({"user": np.array([USER]), "device": np.array([DEVICE])}, [ITEM_ROW])
    assert gates.shape == (1, 2, 3)
    for k in range(2):
        mass = np.exp(x @ w[f"experts/level_0/gate_{k}/kernel"])
        np.testing.assert_allclose(gates[0, k], mass / mass.sum(), rtol=1e-5)


def test_ple_by_hand(data):
    given = {"num_levels": 1, "num_task_experts": 1, "num_shared_experts": 1}
    _, logits, w = made(kerasrec_zoo.PLE, data, expert=(3,), tower=(2,), **given)
    x = fields(w).ravel()
    stacks = dict.fromkeys(path.rsplit("/", 2)[0] for path in w if "/dense_stack" in path)
    *own, shared = (mlp(w, name, x) for name in stacks)
    for k, task in enumerate(("click", "buy")):
        gate = np.exp(x @ w[f"experts/level_0/gate_{k}/kernel"])
        mixed = (gate[0] * own[k] + gate[1] * shared) / gate.sum()
        expected = head(w, task, mlp(w, f"{task}_tower", mixed))
        assert logits[task] == pytest.approx(expected, rel=1e-5)


def test_din_by_hand(data):
    # Of a history of one item with softmax the weight is 1.
    given = {"attention": (3,), "mlp": (3,), "activation": "relu", "softmax": True}
    model, _, w = made(kerasrec_zoo.DIN, data, history=[[ITEM_ROW]], **given)
    items = fields(w)[2:].ravel()
    for task, logit in model_logits(model, [[ITEM_ROW]]).items():
        x = np.concatenate([fields(w).ravel(), items])
        assert logit == pytest.approx(head(w, task, mlp(w, "mlp", x)), rel=1e-5)


def test_bst_by_hand(data):
    # Without a history, and with a block that adds nothing: the normalized item is left.
    model, _, w = made(kerasrec_zoo.BST, data, history=[[0]], mlp=(), num_heads=1)
    for weight in model.trainable_weights:
        if any(name in weight.path for name in ("/out/", "/narrow/", "/positions")):
            weight.assign(np.zeros(weight.shape))
    item = fields(w)[2:].ravel()
    normal = (item - item.mean()) / np.sqrt(item.var() + 1e-6)
    # Keras numbers the names of layers within a process.
    pattern = r"encoder\w*/layer_normalization\w*/gamma$"
    (norm,) = (path[:-6] for path in w if re.search(pattern, path))
    state = normal * w[f"{norm}/gamma"] + w[f"{norm}/beta"]
    for task, logit in model_logits(model, [[0]]).items():
        x = np.concatenate([fields(w).ravel(), state])
        assert logit == pytest.approx(head(w, task, x), rel=1e-4)


def test_esmm_by_hand(data):
    _, logits, w = made(kerasrec_zoo.ESMM, data, mlp=(3,))
    x = fields(w).ravel()
    click, after = (head(w, task, mlp(w, f"{task}_mlp", x)) for task in ("click", "buy"))
    product = 1 / (1 + np.exp(-click)) / (1 + np.exp(-after))
    assert logits["click"] == pytest.approx(click, rel=1e-5)
    assert logits["buy"] == pytest.approx(np.log(product / (1 - product)), rel=1e-5)


def test_youtube_ranking_by_hand(data):
    # A number has its square and its root.
    # Without a history, and all fields 0: what is left are the powers of the price.
    model = kerasrec_zoo.YouTubeRanking(data.schema(), dim=2, mlp=())
    model.adapt(data)
    for weight in model.trainable_weights:
        weight.assign(np.zeros(weight.shape))
    kernel = np.zeros(model.get_layer("click_logit").kernel.shape)
    kernel[-3:, 0] = [1.0, 10.0, 100.0]
    model.get_layer("click_logit").kernel.assign(kernel)
    inputs = {
        "user": np.array([USER]),
        "device": np.array([DEVICE]),
        "history": np.zeros((1, 1), "int32"),
    }
    logit = model.logit_model({**inputs, ITEM: np.array([ITEM_ROW])})["click"]
    share = 1 / (1 + np.exp(1.702))
    expected = share + 10 * share**2 + 100 * np.sqrt(share)
    np.testing.assert_allclose(float(logit[0]), expected, rtol=1e-5)
