-- FLOPs are exact 64-bit integers, times are milliseconds since 1970, `config` is the canonical text of a configuration
-- (dModel/numLayers/numHeads/batchSize/learningRate/trainFlops).

CREATE TABLE keys (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,
  budget INTEGER NOT NULL CHECK (budget >= 0),
  used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),         -- always the sum of the key's runs
  reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0), -- always the sum of the key's reservations
  revoked INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY, -- grows in the order of settling
  key_id TEXT NOT NULL REFERENCES keys,
  config TEXT NOT NULL,
  cost INTEGER NOT NULL,
  loss REAL NOT NULL,
  UNIQUE (key_id, config)
) STRICT;

CREATE TABLE reservations (
  ticket INTEGER PRIMARY KEY,
  key_id TEXT NOT NULL REFERENCES keys,
  config TEXT NOT NULL,
  cost INTEGER NOT NULL,
  instance TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (key_id, config)
) STRICT;

-- The processes that serve this database, and when each last said that it lives.
CREATE TABLE instances (
  id TEXT PRIMARY KEY,
  seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE submissions (
  key_id TEXT PRIMARY KEY REFERENCES keys,
  config TEXT NOT NULL,
  predicted_loss REAL NOT NULL,
  submitted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
