-- What a database knows of itself, such as the salt of its keys' hashes.
CREATE TABLE isoflop.facts (name text PRIMARY KEY, value text NOT NULL);

-- A key's name was the beginning of its hash, from which a short key could be found out. It becomes a random one, for these keys alone.
CREATE TEMPORARY TABLE renamed ON COMMIT DROP AS
  SELECT id AS old, 'k' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 10) AS new
  FROM isoflop.keys WHERE id = 'k' || substr(hash, 1, 8);

ALTER TABLE isoflop.runs DROP CONSTRAINT runs_key_id_fkey;
ALTER TABLE isoflop.reservations DROP CONSTRAINT reservations_key_id_fkey;
ALTER TABLE isoflop.submissions DROP CONSTRAINT submissions_key_id_fkey;
UPDATE isoflop.keys k SET id = r.new FROM renamed r WHERE k.id = r.old;
UPDATE isoflop.runs t SET key_id = r.new FROM renamed r WHERE t.key_id = r.old;
UPDATE isoflop.reservations t SET key_id = r.new FROM renamed r WHERE t.key_id = r.old;
UPDATE isoflop.submissions t SET key_id = r.new FROM renamed r WHERE t.key_id = r.old;
ALTER TABLE isoflop.runs ADD CONSTRAINT runs_key_id_fkey FOREIGN KEY (key_id) REFERENCES isoflop.keys;
ALTER TABLE isoflop.reservations ADD CONSTRAINT reservations_key_id_fkey FOREIGN KEY (key_id) REFERENCES isoflop.keys;
ALTER TABLE isoflop.submissions ADD CONSTRAINT submissions_key_id_fkey FOREIGN KEY (key_id) REFERENCES isoflop.keys;
