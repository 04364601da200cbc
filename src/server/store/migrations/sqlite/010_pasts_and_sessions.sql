-- What may be taken back of a key: what it had before it was reset, and the hash of the secret that another one replaced.
CREATE TABLE pasts (
  key_id TEXT NOT NULL REFERENCES keys,
  number INTEGER NOT NULL, -- the key's count of changes then
  kind TEXT NOT NULL,      -- reset or rekey
  at INTEGER NOT NULL,
  kept TEXT NOT NULL,      -- JSON, see ../../pasts.ts
  checksum TEXT NOT NULL,
  PRIMARY KEY (key_id, number)
) STRICT, WITHOUT ROWID;

-- Browsers that are signed in, by a hash of what their cookie holds.
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,
  key_id TEXT NOT NULL REFERENCES keys,
  begun_at INTEGER NOT NULL,
  checksum TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_key ON sessions (key_id, begun_at);
