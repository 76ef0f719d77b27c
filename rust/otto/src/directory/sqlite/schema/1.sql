-- The first schema.

CREATE TABLE record (
    -- infra, dev, build or deploy. Each is looked up by some of the four fields that follow; the
    -- others are empty.
    kind TEXT NOT NULL,
    app_id TEXT NOT NULL,
    infra TEXT NOT NULL,
    flavor TEXT NOT NULL,
    foundation TEXT NOT NULL,
    -- Given at the first put, and kept by the ones that follow.
    id TEXT NOT NULL UNIQUE,
    -- 1 after the first put, and one more after each that follows.
    revision INTEGER NOT NULL CHECK (revision > 0),
    -- A number of the kind's own enumeration.
    state INTEGER NOT NULL,
    -- An object of texts, in JSON.
    pairs TEXT NOT NULL,
    PRIMARY KEY (kind, app_id, infra, flavor, foundation)
) STRICT, WITHOUT ROWID;

-- A file of bytes that is in place, or may be.
CREATE TABLE content (
    -- The SHA-256 of the bytes, in lower-case hexadecimal, which says where the file is.
    hash TEXT NOT NULL PRIMARY KEY CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),
    -- In bytes.
    size INTEGER NOT NULL CHECK (size >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE blob (
    app_id TEXT NOT NULL,
    key TEXT NOT NULL,
    hash TEXT NOT NULL REFERENCES content (hash),
    PRIMARY KEY (app_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX blob_hash ON blob (hash);
