"""The key file and what comes from it."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ostiary.keys.key_file import KeyFile, KeyFileError
from ostiary.keys.vault import Unsealable, Vault

OLD, NEW = KeyFile.fresh(), KeyFile.fresh()


def vault(*files: KeyFile) -> Vault:
    keys = {key_id: key for file in files for key_id, key in file.keys.items()}
    return Vault(KeyFile(current=files[-1].current, keys=keys))


def test_what_is_sealed_opens_with_the_same_purpose_and_context_only() -> None:
    sealed = vault(OLD).seal("secret", b"clear", b"client-1")
    assert vault(OLD).open("secret", sealed, b"client-1") == b"clear"
    for purpose, text, context in (
        ("other", sealed, b"client-1"),
        ("secret", sealed, b"client-2"),
        ("secret", sealed[:-1] + bytes([sealed[-1] ^ 1]), b"client-1"),
        ("secret", b"", b"client-1"),
        ("secret", b"\xff" * 40, b"client-1"),
    ):
        with pytest.raises(Unsealable):
            vault(OLD).open(purpose, text, context)


def test_every_text_begins_with_the_id_of_its_key() -> None:
    assert vault(OLD).seal("secret", b"x").startswith(OLD.current.encode())
    assert vault(OLD).digest("secret", b"x").startswith(OLD.current.encode())


def test_after_a_change_of_key_the_old_texts_still_open_and_new_ones_use_the_new_key() -> None:
    sealed, digest = vault(OLD).seal("secret", b"x"), vault(OLD).digest("secret", b"x")
    both = vault(OLD, NEW)
    assert both.open("secret", sealed) == b"x"
    assert both.check_digest("secret", b"x", digest)
    assert both.seal("secret", b"x").startswith(NEW.current.encode())
    with pytest.raises(Unsealable):
        vault(NEW).open("secret", sealed)
    assert not vault(NEW).check_digest("secret", b"x", digest)


def test_a_digest_fits_its_value_and_purpose_alone() -> None:
    digest = vault(OLD).digest("secret", b"x")
    assert vault(OLD).check_digest("secret", b"x", digest)
    assert not vault(OLD).check_digest("secret", b"y", digest)
    assert not vault(OLD).check_digest("other", b"x", digest)
    assert not vault(OLD).check_digest("secret", b"x", b"")


def test_processes_that_start_at_once_agree_on_one_key_file_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "ostiary.key"
    with ThreadPoolExecutor(8) as pool:
        files = list(pool.map(lambda _: KeyFile.read_or_make(path), range(8)))
    assert len({file.current for file in files}) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "content", ["", "{}", '{"current":"a","keys":{}}', '{"current":"abcdefgh","keys":{"abcdefgh":"AA=="}}', "[]"]
)
def test_a_damaged_key_file_is_refused_with_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ostiary.key"
    path.write_text(content)
    with pytest.raises(KeyFileError, match=r"ostiary\.key"):
        KeyFile.read_or_make(path)


def test_neither_the_key_file_nor_the_vault_prints_its_keys() -> None:
    key = next(iter(OLD.keys.values()))
    for thing in (OLD, vault(OLD)):
        assert repr(key)[2:10] not in repr(thing)


def test_key_files_are_told_apart_by_a_fingerprint() -> None:
    assert vault(OLD).fingerprint() == vault(OLD).fingerprint() != vault(NEW).fingerprint()


def test_what_must_last_stays_when_another_key_becomes_the_current_one() -> None:
    before, after = vault(OLD), vault(OLD, NEW)
    assert after.derive_lasting("pairwise") == before.derive_lasting("pairwise")
    assert after.fingerprint() == before.fingerprint()
    assert after.derive("pairwise") != before.derive("pairwise")
