"""The catalog's schema, as an append-only list of named steps. ``PRAGMA user_version`` counts the steps applied.

A released step is never edited: a change is a new step at the end.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator

from desktop_rag.errors import LibraryTooNew
from desktop_rag.messages import say
from desktop_rag.storage.names import folded_name
from desktop_rag.storage.storage_errors import primary_code

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001_first",
        """
        CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

        CREATE TABLE roots(path TEXT PRIMARY KEY, added REAL NOT NULL) WITHOUT ROWID;

        -- What a file, or a message or attachment inside a file, holds. The document of a file on disk has a content
        -- hash and no parent; inner documents have a parent and go with it.
        CREATE TABLE documents(
            id INTEGER PRIMARY KEY,
            content_hash TEXT UNIQUE,
            recipe TEXT NOT NULL,
            kind TEXT NOT NULL,
            mime TEXT NOT NULL,
            name TEXT NOT NULL,
            title TEXT NOT NULL,
            author TEXT NOT NULL,
            created TEXT,
            -- What date filters look at: its own date, or its parent's, or that of the file.
            dated REAL NOT NULL,
            language TEXT NOT NULL,
            tags TEXT NOT NULL,
            mail TEXT,
            state TEXT NOT NULL,
            problem TEXT,
            parent_id INTEGER REFERENCES documents(id) ON DELETE CASCADE,
            top_id INTEGER NOT NULL,
            locator TEXT,
            thread_id INTEGER,
            subject TEXT
        );
        CREATE INDEX documents_parent ON documents(parent_id) WHERE parent_id IS NOT NULL;
        CREATE INDEX documents_top ON documents(top_id);
        CREATE INDEX documents_thread ON documents(thread_id) WHERE thread_id IS NOT NULL;
        CREATE INDEX documents_subject ON documents(subject) WHERE subject IS NOT NULL;
        CREATE INDEX documents_dated ON documents(dated);
        CREATE INDEX documents_kind ON documents(kind);

        CREATE TABLE files(
            path TEXT PRIMARY KEY,
            root TEXT NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            state TEXT NOT NULL,
            problem TEXT,
            content_hash TEXT,
            recipe TEXT,
            document_id INTEGER REFERENCES documents(id)
        ) WITHOUT ROWID;
        CREATE INDEX files_document ON files(document_id);
        CREATE INDEX files_root ON files(root);
        CREATE INDEX files_hash ON files(content_hash);

        CREATE TABLE people(
            document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            role TEXT NOT NULL,
            name TEXT NOT NULL,
            address TEXT NOT NULL
        );
        CREATE INDEX people_document ON people(document_id);

        CREATE TABLE messages(message_id TEXT PRIMARY KEY, thread_id INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX messages_thread ON messages(thread_id);

        -- The embedding cache. Chunks point into it: the same text is embedded once, in whatever files it stands.
        CREATE TABLE embeddings(
            id INTEGER PRIMARY KEY,
            space TEXT NOT NULL,
            text_hash BLOB NOT NULL,
            vector BLOB NOT NULL,
            UNIQUE(space, text_hash)
        );

        CREATE TABLE chunks(
            id INTEGER PRIMARY KEY,
            document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            ordinal INTEGER NOT NULL,
            role TEXT NOT NULL,
            locator TEXT NOT NULL,
            context TEXT NOT NULL,
            text TEXT NOT NULL,
            words INTEGER NOT NULL,
            embedding_id INTEGER NOT NULL REFERENCES embeddings(id)
        );
        CREATE UNIQUE INDEX chunks_document ON chunks(document_id, ordinal);
        CREATE INDEX chunks_embedding ON chunks(embedding_id);

        CREATE VIRTUAL TABLE chunk_words USING fts5(
            context, text, content='chunks', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
        );
        CREATE VIRTUAL TABLE chunk_vocabulary USING fts5vocab(chunk_words, row);
        CREATE TRIGGER chunks_inserted AFTER INSERT ON chunks BEGIN
            INSERT INTO chunk_words(rowid, context, text) VALUES (new.id, new.context, new.text);
        END;
        CREATE TRIGGER chunks_deleted AFTER DELETE ON chunks BEGIN
            INSERT INTO chunk_words(chunk_words, rowid, context, text) VALUES ('delete', old.id, old.context, old.text);
        END;

        -- Vectors that Chroma may still hold for chunks that are gone.
        CREATE TABLE garbage(chunk_id INTEGER PRIMARY KEY);
        """,
    ),
    (
        "0002_pictures_and_sound",
        """
        -- What a chunk of the role "picture" shows. Its embedding, in the space of an image model, comes when there is
        -- such a model. ``looks`` is a hash of what it looks like: few bits differ between near-identical pictures.
        CREATE TABLE pictures(
            chunk_id INTEGER PRIMARY KEY REFERENCES chunks(id) ON DELETE CASCADE,
            image_hash BLOB NOT NULL,
            looks INTEGER NOT NULL,
            embedding_id INTEGER REFERENCES embeddings(id)
        );
        CREATE INDEX pictures_image ON pictures(image_hash);
        CREATE INDEX pictures_embedding ON pictures(embedding_id) WHERE embedding_id IS NOT NULL;

        -- What was read in a picture or heard in a recording, by which model: dear to find out again. ``part`` is the
        -- number of the document in the file, ``at`` the picture's number or the recording's second.
        CREATE TABLE perceived(
            content_hash TEXT NOT NULL,
            part INTEGER NOT NULL,
            model TEXT NOT NULL,
            at REAL NOT NULL,
            found BLOB NOT NULL,
            noted REAL NOT NULL,
            PRIMARY KEY(content_hash, part, model, at)
        ) WITHOUT ROWID;

        -- Of the document of a file: the models that saw the pictures and heard the sound in it, and in all documents
        -- inside it. "" is none yet, NULL says that there is nothing to see or hear.
        ALTER TABLE documents ADD COLUMN seen_by TEXT;
        ALTER TABLE documents ADD COLUMN heard_by TEXT;

        -- The chunks' embeddings in the space that the library is about to change to.
        CREATE TABLE respaced(
            chunk_id INTEGER NOT NULL REFERENCES chunks(id) ON DELETE CASCADE,
            space TEXT NOT NULL,
            embedding_id INTEGER NOT NULL REFERENCES embeddings(id),
            PRIMARY KEY(chunk_id, space)
        ) WITHOUT ROWID;
        CREATE INDEX respaced_embedding ON respaced(embedding_id);
        """,
    ),
    (
        "0003_conversations",
        """
        -- What was asked and answered. Ids are never given again: a window may still show a conversation that is gone.
        -- ``answer`` is JSON, without the text of the passages (see conversations.py).
        CREATE TABLE conversations(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            title TEXT NOT NULL,
            began REAL NOT NULL,
            changed REAL NOT NULL
        );
        CREATE INDEX conversations_changed ON conversations(changed);
        CREATE TABLE turns(
            id INTEGER PRIMARY KEY,
            conversation_id INTEGER NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
            asked_at REAL NOT NULL,
            question TEXT NOT NULL,
            answer TEXT NOT NULL
        );
        CREATE INDEX turns_conversation ON turns(conversation_id);
        """,
    ),
    (
        "0004_lists",
        """
        -- What the person thinks of an answer: -1, 0 (nothing said) or 1.
        ALTER TABLE turns ADD COLUMN rating INTEGER NOT NULL DEFAULT 0;

        -- The name of a file, folded (see names.py); lists of files are made from the index alone.
        ALTER TABLE files ADD COLUMN name TEXT NOT NULL DEFAULT '';
        UPDATE files SET name = folded_name(path);
        CREATE INDEX files_listed ON files(state, path, name);

        -- The newest documents of a kind, and who wrote what.
        DROP INDEX documents_kind;
        CREATE INDEX documents_kind ON documents(kind, dated);
        CREATE INDEX documents_author ON documents(author, kind) WHERE author <> '';
        CREATE INDEX people_named ON people(role, name, address);
        """,
    ),
    (
        "0005_authors",
        """
        -- A document is from whoever wrote it as a mail is from whoever sent it: one table says so of both.
        INSERT INTO people SELECT id, 'from', author, '' FROM documents WHERE author <> '' AND kind <> 'mail';
        DROP INDEX documents_author;
        """,
    ),
    (
        "0006_calls",
        """
        -- Calls that must not have their effect twice (see call_journal.py); ``reply`` is there once they are done.
        CREATE TABLE calls(
            id TEXT PRIMARY KEY,
            began REAL NOT NULL,
            reply BLOB
        ) WITHOUT ROWID;

        -- The call that has put a turn into its conversation.
        ALTER TABLE turns ADD COLUMN call_id TEXT;
        CREATE UNIQUE INDEX turns_call ON turns(call_id) WHERE call_id IS NOT NULL;
        """,
    ),
)


_PATIENCE_S = 30.0


def use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Let others read while one writes. SQLite does not wait by itself for another process that is just setting this;
    raises ``sqlite3.OperationalError`` when it has waited long enough."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def is_behind(connection: sqlite3.Connection) -> bool:
    """Whether ``migrate`` would write."""
    return _version(connection) < len(MIGRATIONS)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date. Raises ``LibraryTooNew`` for a library that a newer version has written."""
    connection.create_function("folded_name", 1, folded_name, deterministic=True)
    while (version := _version(connection)) < len(MIGRATIONS):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _version(connection) == version:  # no other process came first
                for statement in _statements(MIGRATIONS[version][1]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    if version > len(MIGRATIONS):
        raise LibraryTooNew(
            say("storage.library-written-newer-version-desktop-rag", theirs=version, ours=len(MIGRATIONS)),
            say("storage.install-newer-version-choose-another-library"),
        )


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, which may hold semicolons themselves."""
    statement = ""
    for part in script.split(";")[:-1]:
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
