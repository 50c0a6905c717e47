"""Files that cannot be used: who runs this is told which file, why, and what to do; and the file stays as it was."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shared.database import errors, sqlite
from shared.database.embedded import EmbeddedDatabase
from shared.database.errors import UnusableDatabase
from shared.database.transaction import Transaction
from tests.shared.database.places import contents
from tests.shared.database.processes import child

MANY = {b"%04d" % number: b"v" * 1_000 for number in range(200)}


@pytest.fixture
def filled(file: Path) -> Path:
    """The file of a database that was closed well."""

    def fill(tr: Transaction) -> None:
        for key, value in MANY.items():
            tr.set(key, value)

    database = EmbeddedDatabase(file)
    database.write(fill)
    database.close()
    return file


def refusal(file: Path) -> str:
    """What one is told who opens this file."""
    with pytest.raises(UnusableDatabase) as refused:
        EmbeddedDatabase(file)
    assert refused.value.code == errors.IO_ERROR
    assert str(file) in str(refused.value)
    return str(refused.value)


def tried_without_rights(file: Path) -> list[str]:
    """What one is told who opens, reads and writes, without root's right to do anything to any file."""
    with child("without_rights", "try_all", file) as somebody:
        return somebody.hear_all()


@pytest.mark.parametrize(
    "content", [b"hello", b"\0", b"x" * 100_000, b"SQLite format 3\0"], ids=["text", "a zero", "much", "a header"]
)
def test_a_file_that_is_no_database_is_left_alone(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    message = refusal(file)

    assert "is not a database of this product; move it away, or set DATA_DIR elsewhere" in message
    assert file.read_bytes() == content


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_another_applications_database_is_left_alone(file: Path, journal: str) -> None:
    with closing(sqlite3.connect(file)) as theirs:
        theirs.execute(f"PRAGMA journal_mode = {journal}")
        theirs.execute("PRAGMA user_version = 7")
        theirs.execute("CREATE TABLE pairs (key BLOB PRIMARY KEY, value BLOB NOT NULL)")
        theirs.commit()
    before = file.read_bytes()

    message = refusal(file)

    assert "is not a database of this product; move it away" in message
    assert file.read_bytes() == before


def test_a_file_of_a_newer_version_is_left_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    EmbeddedDatabase(file)
    with closing(sqlite3.connect(file)) as newer:
        newer.execute(f"PRAGMA user_version = {sqlite.FORMAT + 1}")

    assert "was written by a newer version; update this one" in refusal(file)


def test_an_empty_file_becomes_a_database(file: Path) -> None:
    file.touch()

    EmbeddedDatabase(file).write(lambda tr: tr.set(b"k", b"1"))

    assert contents(EmbeddedDatabase(file)) == {b"k": b"1"}


def test_the_folders_of_a_new_database_are_made(tmp_path: Path) -> None:
    file = tmp_path / "some" / "where" / "test.db"

    EmbeddedDatabase(file)

    assert file.parent.stat().st_mode & 0o077 == 0, "others may look into the folder"


def test_a_folder_in_the_files_place_is_named(file: Path) -> None:
    file.mkdir()

    assert "check its rights, or set DATA_DIR elsewhere" in refusal(file)


def test_a_file_in_the_folders_place_is_named(file: Path) -> None:
    file.touch()

    assert "set DATA_DIR elsewhere" in refusal(file / "test.db")


def test_a_database_with_a_damaged_first_page_is_named(filled: Path) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[:100] + b"\xff" * 3_996 + content[4_096:])

    assert "is damaged; move it away and restore a copy" in refusal(filled)


def test_a_database_that_was_cut_off_is_named(filled: Path) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[: len(content) // 2])

    assert "is damaged; move it away and restore a copy" in refusal(filled)


def test_a_database_with_damaged_content_is_named_when_that_is_read(filled: Path) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[:8_192] + b"\xff" * (len(content) - 8_192))
    database = EmbeddedDatabase(filled)

    with pytest.raises(UnusableDatabase, match="is damaged; move it away and restore a copy") as refused:
        contents(database)

    assert str(filled) in str(refused.value)


def test_a_file_without_the_right_to_write_is_named(filled: Path) -> None:
    filled.chmod(0o444)

    [message] = tried_without_rights(filled)

    assert f"{filled} or its folder cannot be written; check its rights, or set DATA_DIR elsewhere" in message


def test_a_file_without_the_right_to_read_is_named(filled: Path) -> None:
    filled.chmod(0o000)

    [message] = tried_without_rights(filled)

    assert str(filled) in message
    assert "check its rights" in message


def test_a_folder_without_the_right_to_write_is_named(filled: Path) -> None:
    filled.parent.chmod(0o555)

    [message] = tried_without_rights(filled)

    assert str(filled) in message
    assert "check its rights, or set DATA_DIR elsewhere" in message


def test_a_new_database_in_a_folder_without_the_right_to_write_is_named(file: Path) -> None:
    file.parent.chmod(0o555)

    [message] = tried_without_rights(file)

    assert message.startswith("error 1510")
    assert str(file) in message
    assert "check its rights, or set DATA_DIR elsewhere" in message


@pytest.mark.parametrize("folder", [False, True])
def test_once_the_rights_are_given_everything_is_there_and_goes_on(filled: Path, folder: bool) -> None:
    place = filled.parent if folder else filled
    mode = place.stat().st_mode
    place.chmod(0o555)
    tried_without_rights(filled)

    place.chmod(mode)
    told = tried_without_rights(filled)

    assert told == ["answered None", f"answered {MANY}", "answered None"]
    assert contents(EmbeddedDatabase(filled)) == {**MANY, b"new": b"1"}
