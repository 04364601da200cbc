-- What is asked for without waiting for it: one row for each configuration of a key, and for each run that it was charged for. `number` is the key's count
-- of changes at the last change of the row, so that whoever knows a number learns what came after it. An open request has a reservation: its own
-- by `ticket`, or where that is null the one of a query of GET /loss.
ALTER TABLE keys ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;

CREATE TABLE requests (
  key_id TEXT NOT NULL REFERENCES keys,
  config TEXT NOT NULL,
  state TEXT NOT NULL, -- waiting, running, finished, diverged, failed or cancelled
  number INTEGER NOT NULL,
  ticket INTEGER,
  name TEXT,           -- what its asker called it
  asked_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  error TEXT,          -- of one that failed: JSON with code and message
  checksum TEXT NOT NULL,
  PRIMARY KEY (key_id, config)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX requests_in_order ON requests (key_id, number);
CREATE INDEX requests_unfinished ON requests (key_id, number) WHERE state <> 'finished';
CREATE INDEX requests_open ON requests (key_id) WHERE state IN ('waiting', 'running');

-- How far the run of a request is, as it was told last. By the index a name with a flipped bit is found out, which would else be no curve.
CREATE TABLE curves (
  key_id TEXT NOT NULL REFERENCES keys,
  config TEXT NOT NULL,
  curve TEXT NOT NULL, -- JSON
  checksum TEXT NOT NULL,
  PRIMARY KEY (key_id, config)
) STRICT, WITHOUT ROWID;
CREATE INDEX curves_by_config ON curves (config);

INSERT INTO requests (key_id, config, state, number, ended_at, checksum)
  SELECT key_id, config, 'finished', row_number() OVER (PARTITION BY key_id ORDER BY id), settled_at, '' FROM runs;
UPDATE requests SET checksum = row_checksum(key_id, config, state, number, ticket, name, asked_at, started_at, ended_at, error);

UPDATE keys SET changes = (SELECT count(*) FROM runs WHERE key_id = keys.id);
UPDATE keys SET checksum = row_checksum(id, hash, label, budget, used, reserved, revoked, instructor, created_at, changes)
  WHERE checksum = row_checksum(id, hash, label, budget, used, reserved, revoked, instructor, created_at);
