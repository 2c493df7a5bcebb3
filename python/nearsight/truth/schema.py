"""The tables of the truth, version 1, and what may be opened as one.

A released version's tables never change; a newer one gets a migration and a number of its own.
"""

import os
import time
from pathlib import Path

import apsw

from nearsight.errors import DatabaseError, VersionError
from nearsight.truth.connection import check_protection, is_blank, transaction

APPLICATION_ID = 0x4E656172  # "Near": what `file` and SQLite's header show
VERSION = 1

_TABLES = """
-- One row per fact about the file itself: uuid, generation, created_at.
create table meta (
    key   text primary key,
    value any
) strict, without rowid;

-- The newest generations: by them a cache sees whether it followed this file, or another copy of it
-- that went its own way. A cache older than all of them is built again.
create table history (
    generation integer primary key
) strict;

-- Which model made the embeddings. The fingerprint covers weights and preprocessing.
create table embedder (
    id          integer primary key,
    name        text not null,
    fingerprint text not null unique,
    dim         integer not null,
    labels      text not null                       -- JSON list: the concept id of each prediction
) strict;

create table input (
    number     integer primary key autoincrement,   -- never reused
    id         text not null unique,
    content    blob not null,                       -- SHA-256 of the bytes
    name       text not null,
    uri        text,                                -- file://…, if it came from a file
    format     text not null,
    width      integer not null,
    height     integer not null,
    size_bytes integer not null,
    added_at   real not null,                       -- seconds since 1970, UTC
    thumbnail  blob not null,                       -- JPEG
    metadata   text not null default '{}' check (json_type(metadata) = 'object'),
    latitude   real check (latitude between -90 and 90),      -- degrees, WGS 84
    longitude  real check (longitude between -180 and 180),
    check ((latitude is null) = (longitude is null))
) strict;
create index input_content on input (content);
create index input_place on input (latitude, longitude) where latitude is not null;

-- Rows are never changed: a new embedding is a new row, so that caches follow by id alone.
create table embedding (
    id            integer primary key autoincrement,
    input         integer not null references input on delete cascade,
    embedder      integer not null references embedder,
    vector        blob not null,                    -- f32, little-endian, as the network gave it
    probabilities blob not null                     -- f16, little-endian, one per label
) strict;
create index embedding_input on embedding (input);

-- What caches have to forget, and since when.
create table erased (
    embedding  integer primary key,
    generation integer not null
) strict;
create index erased_generation on erased (generation);

create table concept (
    number   integer primary key,
    id       text not null unique,
    name     text not null,
    added_at real not null
) strict;

-- What is said of an input: 1, it shows the concept; 0, it does not. Absence says nothing.
create table annotation (
    input    integer not null references input on delete cascade,
    concept  integer not null references concept on delete cascade,
    value    integer not null check (value in (0, 1)),
    added_at real not null,
    primary key (input, concept)
) strict, without rowid;
create index annotation_concept on annotation (concept, value);

-- A custom model: concepts to recognise, taught by what is said of inputs.
create table model (
    number    integer primary key autoincrement,
    id        text not null unique,
    name      text not null,
    exclusive integer not null check (exclusive in (0, 1)), -- a picture shows one of its concepts
    trained   integer not null,                     -- how often; version numbers are never reused
    current   integer,                              -- the version in use
    added_at  real not null
) strict;

create table model_concept (
    model    integer not null references model on delete cascade,
    concept  integer not null references concept on delete cascade,
    position integer not null,
    primary key (model, concept)
) strict, without rowid;
create index model_concept_concept on model_concept (concept);

create table version (
    model      integer not null references model on delete cascade,
    number     integer not null,
    trained_at real not null,
    primary key (model, number)
) strict;

-- probability = sigmoid(weights · (unit embedding, predictions) + bias)
create table head (
    model   integer not null,
    version integer not null,
    concept integer not null references concept on delete cascade,
    weights blob not null,                          -- f32, little-endian, dim + labels of them
    bias    real not null,
    report  text not null,                          -- JSON: what it was learned from, how well
    primary key (model, version, concept),
    foreign key (model, version) references version on delete cascade
) strict;
create index head_concept on head (concept);
"""


def ensure(db: apsw.Connection, path: Path, *, read_only: bool) -> None:
    """Create the tables in a new file; refuse what is not ours, newer or damaged."""
    if is_blank(db) and not read_only:
        _create(db)
    application = db.pragma("application_id")
    if (
        application != APPLICATION_ID
        and read_only
        and (is_blank(db) or not db.pragma("page_count"))
    ):
        raise DatabaseError(
            f"{path} is empty, and read_only=True does not fill it. Open it once without."
        )
    if application != APPLICATION_ID:
        raise DatabaseError(
            f"{path} is an SQLite database of another program, not of nearsight. Give another path."
        )
    if (version := int(str(db.pragma("user_version")))) > VERSION:
        raise VersionError(
            f"{path} has format {version}; this nearsight reads up to {VERSION}. "
            "Upgrade with: pip install --upgrade nearsight"
        )
    check_protection(db, path)


def _create(db: apsw.Connection) -> None:
    """One transaction: after a crash the file either has all tables or is still blank."""
    with transaction(db):
        if is_blank(db):  # another process may have been first
            db.execute(_TABLES)
            db.executemany(
                "insert into meta values (?, ?)",
                [("uuid", os.urandom(16)), ("generation", 0), ("created_at", time.time())],
            )
            db.pragma("application_id", APPLICATION_ID)
            db.pragma("user_version", VERSION)
