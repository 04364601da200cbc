-- What a database knows of itself, such as the salt of its keys' hashes.
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- A key's name was the beginning of its hash, from which a short key could be found out. It becomes a random one, for these keys alone.
CREATE TABLE renamed (old TEXT PRIMARY KEY, new TEXT NOT NULL UNIQUE) STRICT, WITHOUT ROWID;
INSERT INTO renamed SELECT id, 'k' || lower(hex(randomblob(5))) FROM keys WHERE id = 'k' || substr(hash, 1, 8);

PRAGMA defer_foreign_keys = ON;
UPDATE keys SET id = (SELECT new FROM renamed WHERE old = id) WHERE id IN (SELECT old FROM renamed);
UPDATE runs SET key_id = (SELECT new FROM renamed WHERE old = key_id) WHERE key_id IN (SELECT old FROM renamed);
UPDATE reservations SET key_id = (SELECT new FROM renamed WHERE old = key_id) WHERE key_id IN (SELECT old FROM renamed);
UPDATE submissions SET key_id = (SELECT new FROM renamed WHERE old = key_id) WHERE key_id IN (SELECT old FROM renamed);
DROP TABLE renamed;
