from kerasrec.files.file_hash import file_hash


def test_of_texts_whose_hash_is_published(tmp_path):
    # FIPS 180-2, appendix B: "abc", and a million times "a".
    (tmp_path / "short").write_bytes(b"abc")
    assert file_hash(tmp_path / "short") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    (tmp_path / "million").write_bytes(b"a" * 1_000_000)
    assert file_hash(tmp_path / "million") == (
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    )
