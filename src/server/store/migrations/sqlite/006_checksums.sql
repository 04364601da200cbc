-- What a run was answered is believed for as long as the database lives: a bit that flips on the disk must not become an answer.
ALTER TABLE runs ADD COLUMN checksum TEXT NOT NULL DEFAULT '';
UPDATE runs SET checksum = row_checksum(key_id, config, cost, loss);
