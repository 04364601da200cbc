-- FLOPs become decimal text, because a budget may pass 2^63. Sums are made by add_flops, which each process adds to its connection.
-- A column's type cannot be changed: the tables are made again.

CREATE TABLE new_keys (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,
  budget TEXT NOT NULL CHECK (budget NOT GLOB '*[^0-9]*'),
  used TEXT NOT NULL DEFAULT '0' CHECK (used NOT GLOB '*[^0-9]*'),         -- always the sum of the key's runs
  reserved TEXT NOT NULL DEFAULT '0' CHECK (reserved NOT GLOB '*[^0-9]*'), -- always the sum of the key's reservations
  revoked INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE new_runs (
  id INTEGER PRIMARY KEY, -- grows in the order of settling
  key_id TEXT NOT NULL REFERENCES new_keys,
  config TEXT NOT NULL,
  cost TEXT NOT NULL CHECK (cost NOT GLOB '*[^0-9]*'),
  loss REAL NOT NULL,
  UNIQUE (key_id, config)
) STRICT;

CREATE TABLE new_reservations (
  ticket INTEGER PRIMARY KEY,
  key_id TEXT NOT NULL REFERENCES new_keys,
  config TEXT NOT NULL,
  cost TEXT NOT NULL CHECK (cost NOT GLOB '*[^0-9]*'),
  instance TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (key_id, config)
) STRICT;

CREATE TABLE new_submissions (
  key_id TEXT PRIMARY KEY REFERENCES new_keys,
  config TEXT NOT NULL,
  predicted_loss REAL NOT NULL,
  submitted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO new_keys SELECT * FROM keys;
INSERT INTO new_runs SELECT * FROM runs;
INSERT INTO new_reservations SELECT * FROM reservations;
INSERT INTO new_submissions SELECT * FROM submissions;

DROP TABLE submissions;
DROP TABLE reservations;
DROP TABLE runs;
DROP TABLE keys;

-- The references to new_keys follow its name.
ALTER TABLE new_keys RENAME TO keys;
ALTER TABLE new_runs RENAME TO runs;
ALTER TABLE new_reservations RENAME TO reservations;
ALTER TABLE new_submissions RENAME TO submissions;
