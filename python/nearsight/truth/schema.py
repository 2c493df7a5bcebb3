"""The tables of the truth, version 1, and what may be opened as one.

A released version's tables never change; a newer one gets a migration and a number of its own.
"""

import os
import time
from pathlib import Path

import apsw

from nearsight.errors import DatabaseError, VersionError
from nearsight.truth.connection import check_log, check_protection, is_blank, transaction

APPLICATION_ID = 0x4E656172  # "Near": what `file` and SQLite's header show
VERSION = 1

TABLES = """
-- One row per fact about the file itself: uuid, generation, created_at; fast: if it was ever
-- written without waiting for the medium.
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
    crop       text check (json_array_length(crop) = 4),  -- top, left, bottom, right in 0..1
    name       text not null,
    url        text,                                -- where it came from; never fetched
    format     text not null,
    width      integer not null,                    -- of the crop, if there is one
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
create index input_url on input (url) where url is not null;

create table concept (
    number   integer primary key,
    id       text not null unique,
    name     text not null,
    added_at real not null
) strict;

-- What somebody says of a picture, or of a box in it. The primary annotation of an input has the
-- input's id, no box and no author: it is what the app's user says of the whole picture.
create table annotation (
    number     integer primary key autoincrement,   -- never reused
    id         text not null unique,
    input      integer not null references input on delete cascade,
    box        text check (json_array_length(box) = 4),   -- top, left, bottom, right in 0..1
    text       text,
    author     text not null default '',
    added_at   real not null,
    changed_at real not null,
    changed    integer not null default 0           -- the commit that changed it or its input last
) strict;
create index annotation_input on annotation (input);
create index annotation_changed on annotation (changed);

-- 1, it shows the concept; 0, it does not. Absence says nothing.
create table said (
    annotation integer not null references annotation on delete cascade,
    concept    integer not null references concept on delete cascade,
    value      integer not null check (value in (0, 1)),
    primary key (annotation, concept)
) strict, without rowid;
create index said_concept on said (concept, value);

-- What people corrected in an input's predictions: 1, the concept belongs there; 0, it does not.
create table correction (
    input   integer not null references input on delete cascade,
    concept text not null,                          -- an id, of the general model's or one's own
    value   integer not null check (value in (0, 1)),
    primary key (input, concept)
) strict, without rowid;

-- What the model makes of the picture (of its primary annotation) or of a box (of its annotation).
-- Rows are never changed: a new embedding is a new row, so that caches follow by id alone.
create table embedding (
    id            integer primary key autoincrement,
    annotation    integer not null references annotation on delete cascade,
    embedder      integer not null references embedder,
    vector        blob not null,                    -- f32, little-endian, as the network gave it
    probabilities blob not null                     -- f16, little-endian, one per label
) strict;
create index embedding_annotation on embedding (annotation);

-- What caches have to forget, and since which generation.
create table erased (
    embedding  integer primary key,
    generation integer not null
) strict;
create index erased_generation on erased (generation);
create table erased_annotation (
    annotation integer primary key,
    generation integer not null
) strict;
create index erased_annotation_generation on erased_annotation (generation);

-- Caches follow what changes by these triggers, so that no writer can forget to tell them.
create trigger annotation_added after insert on annotation begin
    update annotation set changed = (select value >> 24 from meta where key = 'generation')
    where number = new.number;
end;
create trigger annotation_updated after update of box, text, author, changed_at on annotation begin
    update annotation set changed = (select value >> 24 from meta where key = 'generation')
    where number = new.number;
end;
create trigger annotation_erased after delete on annotation begin
    insert into erased_annotation
    select old.number, value from meta where key = 'generation';
end;
create trigger said_added after insert on said begin
    update annotation set changed_at = max(added_at, unixepoch('subsec'))
    where number = new.annotation;
end;
create trigger said_updated after update on said begin
    update annotation set changed_at = max(added_at, unixepoch('subsec'))
    where number = new.annotation;
end;
create trigger said_erased after delete on said begin
    update annotation set changed_at = max(added_at, unixepoch('subsec'))
    where number = old.annotation;
end;
create trigger input_updated after update on input begin
    update annotation set changed_at = max(added_at, unixepoch('subsec'))
    where input = new.number and id = new.id;
end;
create trigger correction_added after insert on correction begin
    update annotation set changed_at = max(added_at, unixepoch('subsec'))
    where id = (select id from input where number = new.input);
end;
create trigger correction_updated after update on correction begin
    update annotation set changed_at = max(added_at, unixepoch('subsec'))
    where id = (select id from input where number = new.input);
end;
create trigger correction_erased after delete on correction begin
    update annotation set changed_at = max(added_at, unixepoch('subsec'))
    where id = (select id from input where number = old.input);
end;
create trigger embedding_erased after delete on embedding begin
    insert into erased select old.id, value from meta where key = 'generation';
end;

-- A custom model: concepts to recognise, taught by what is said of inputs.
create table model (
    number    integer primary key autoincrement,
    id        text not null unique,
    name      text not null,
    exclusive integer not null check (exclusive in (0, 1)), -- a picture shows one of its concepts
    closed    integer not null check (closed in (0, 1)),    -- nothing unlabelled is presumed
    parameters text not null check (json_type(parameters) = 'object'), -- how it learns
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
    inputs     blob not null,                       -- u64, little-endian: what it was told of
    primary key (model, number)
) strict;

-- Which annotations came as feedback to a model, and what was said of where they come from.
create table feedback (
    annotation integer primary key references annotation on delete cascade,
    model      integer not null references model on delete cascade,
    info       text not null check (json_type(info) = 'object')
) strict;
create index feedback_model on feedback (model);

-- What nearsight.teaching.Head says: direction, evidence, mixture and trust, one after the other.
create table head (
    model   integer not null,
    version integer not null,
    concept integer not null references concept on delete cascade,
    weights blob not null,                          -- f32, little-endian
    bias    real not null,
    report  text not null,                          -- JSON: what it was learned from, how well
    primary key (model, version, concept),
    foreign key (model, version) references version on delete cascade
) strict;
create index head_concept on head (concept);
"""


def ensure(db: apsw.Connection, path: Path, *, read_only: bool) -> None:
    """Create the tables in a new file; refuse what is not ours, newer or damaged."""
    if is_blank(db):
        check_log(path)  # its first commit may be one that a damaged log hides
        if not read_only:
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
            db.execute(TABLES)
            db.executemany(
                "insert into meta values (?, ?)",
                [("uuid", os.urandom(16)), ("generation", 0), ("created_at", time.time())],
            )
            db.pragma("application_id", APPLICATION_ID)
            db.pragma("user_version", VERSION)
