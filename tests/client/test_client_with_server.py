"""The client with `kerasrec serve`: answers equal those of the model in Python."""

from concurrent import futures

import keras
import numpy as np
import pytest

import kerasrec
from kerasrec.data import load
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.serving.answering import Answering
from kerasrec.serving.batching_parameters import BatchingParameters
from kerasrec.serving.server import Server
from kerasrec_zoo import Hybrid, MatrixFactorization

pytestmark = pytest.mark.slow

CLOSE = {"rel": 1e-5, "abs": 1e-5}


@pytest.fixture(scope="module")
def train():
    return load("synthetic", users=60, items=96)


@pytest.fixture(scope="module")
def hybrid(train, tmp_path_factory):
    keras.utils.set_random_seed(5)
    model = Hybrid(train.schema(history_length=10), dim=8)
    model.adapt(train)
    folder = tmp_path_factory.mktemp("served") / "hybrid"
    export(model, folder / "4", k=20)
    return model, folder


@pytest.fixture(scope="module")
def server(hybrid):
    batching = BatchingParameters(
        max_batch_size=16,
        batch_timeout_micros=20_000,
        num_batch_threads=2,
        pad_variable_length_inputs=True,
    )
    with Server(
        hybrid[1], port=0, grpc_port=0, answering=Answering(batching), say=lambda _: None
    ) as server:
        yield server


@pytest.fixture(scope="module", params=["http", "grpc"])
def client(request, server):
    port = server.port if request.param == "http" else server.grpc_port
    with kerasrec.Client(f"{request.param}://127.0.0.1:{port}", "hybrid", timeout=60) as client:
        yield client


def test_metadata_and_k_of_the_export(client):
    assert [(each.version, each.state) for each in client.status()] == [(4, "AVAILABLE")]
    metadata = client.metadata()
    assert metadata.version == 4 and "k" in metadata.signatures["recommend"].inputs
    with pytest.raises(InputError, match="k must be at most 20, which was fixed at export: got 21"):
        client.recommend(user="nobody", k=21)


@pytest.mark.export
def test_histories(client, hybrid):
    ids = hybrid[0].items.vocabulary.ids
    histories = [list(ids[:3]), [ids[7]], list(ids[20:29])]
    expected = hybrid[0].recommend(histories=histories, k=4, exclude=[ids[40]], explain=True)
    answers = client.recommend(histories=histories, k=4, exclude=[ids[40]], explain=True)
    for name, answer in zip(range(3), answers, strict=True):
        rows = expected[expected.user == name]
        assert [each.item for each in answer] == list(rows.item)
        assert [each.score for each in answer] == pytest.approx(list(rows.score), **CLOSE)
        assert [each.from_content for each in answer] == pytest.approx(
            list(rows.from_content), **CLOSE
        )
        assert answer[0].reasons and set(each.item for each in answer[0].reasons) <= set(
            histories[name]
        )
        assert answer[0].words[0].feature == "description"


@pytest.mark.export
def test_stored_histories_of_users(client, hybrid):
    user = hybrid[0].users.vocabulary.ids[3]
    expected = hybrid[0].recommend(users=[user], k=5)
    assert [each.item for each in client.recommend(user=user, k=5)] == list(expected.item)


@pytest.mark.export
def test_scores_and_similar_items(client, hybrid):
    ids = hybrid[0].items.vocabulary.ids
    expected = hybrid[0].score(histories=[ids[:2]] * 3, items=ids[5:8])
    assert client.score(history=ids[:2], items=ids[5:8]) == pytest.approx(list(expected), **CLOSE)
    similar = client.similar_items(ids[0], k=3)
    assert len(similar) == 3 and ids[0] not in [each.item for each in similar]


@pytest.mark.export
def test_batched_requests_of_unequal_length_do_not_affect_each_other(client, hybrid):
    """The server pads shorter lists with their first value, which must be padding."""
    ids = np.array(hybrid[0].items.vocabulary.ids)
    random = np.random.default_rng(0)
    histories = [
        list(random.choice(ids, length, replace=False)) for length in random.integers(1, 9, 32)
    ]
    expected = hybrid[0].recommend(histories=histories, k=3).item.to_numpy().reshape(-1, 3)
    with futures.ThreadPoolExecutor(16) as pool:
        answers = pool.map(lambda history: client.recommend(history=history, k=3), histories)
    assert [[each.item for each in answer] for answer in answers] == expected.tolist()


@pytest.mark.export
def test_a_model_of_users_refuses_histories_and_explanations(train, tmp_path):
    keras.utils.set_random_seed(5)
    model = MatrixFactorization(train.schema(), dim=4)
    model.adapt(train)
    export(model, tmp_path / "mf" / "1", k=5)
    user = model.users.vocabulary.ids[0]
    with Server(tmp_path / "mf", port=0, say=lambda _: None) as server:
        with kerasrec.Client(f"http://127.0.0.1:{server.port}", "mf", timeout=60) as client:
            expected = model.recommend(users=[user], k=5)
            assert [each.item for each in client.recommend(user=user, k=5)] == list(expected.item)
            with pytest.raises(InputError, match="takes no history"):
                client.recommend(history=["a"], k=5)
            with pytest.raises(InputError, match="no signature 'recommend_explained'"):
                client.recommend(user=user, k=5, explain=True)
        with kerasrec.Client(f"http://127.0.0.1:{server.port}", "nobody", timeout=60) as client:
            with pytest.raises(kerasrec.client.ServingError) as caught:
                client.recommend(user=user)
            assert caught.value.status == 404
