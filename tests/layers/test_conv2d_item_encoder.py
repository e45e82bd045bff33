import numpy as np

from kerasrec.layers import Conv2DItemEncoder

PICTURES = np.random.default_rng(0).integers(1, 256, (3, 8, 8, 3), dtype="uint8")
PICTURES[2] = 0


def test_layer_contract(check_layer):
    init_kwargs = {"dim": 3, "filters": (4, 5)}
    check_layer(Conv2DItemEncoder, init_kwargs, {"pixels": PICTURES})


def test_by_hand():
    encoder = Conv2DItemEncoder(1, filters=[1])
    pixels = np.full((1, 2, 2, 3), 127.5)
    pixels[0, :, :, 0] = [[255.0, 127.5], [127.5, 0.0]]
    encoder(pixels)
    # The middle of the kernel takes the first colour, and the pixel to the left is added twice:
    # x = [[1, 0], [0, -1]], conv = [[1, 0 + 2], [0, -1 + 0]] + 0.5, the largest is 2.5
    kernel = np.zeros((3, 3, 3, 1))
    kernel[1, 1, 0], kernel[1, 0, 0] = 1.0, 2.0
    weights = [[7.0], kernel, [0.5], [[10.0]], [1.0]]
    encoder.set_weights([np.array(weight) for weight in weights])
    np.testing.assert_allclose(encoder(pixels), [[26.0]], atol=1e-5)


def test_no_picture_has_a_vector_of_its_own():
    encoder = Conv2DItemEncoder(4)
    encoder(PICTURES)
    encoder.missing.assign([1.0, 2.0, 3.0, 4.0])
    found = np.array(encoder(PICTURES))
    np.testing.assert_allclose(found[2], [1.0, 2.0, 3.0, 4.0])
    black = np.array(encoder(np.ones((1, 8, 8, 3), "uint8")))[0]
    assert np.abs(found[:2] - found[2]).max() > 0.1 and np.abs(black - found[2]).max() > 0.1


def test_pictures_of_a_session_are_encoded_one_by_one():
    encoder = Conv2DItemEncoder(3)
    np.testing.assert_allclose(encoder(PICTURES[None, None])[0, 0], encoder(PICTURES), atol=1e-6)
