-- When a run was settled, ms since 1970, and what a key had used when it submitted. Older ones do not say. A row that is not what was written keeps its
-- old checksum, which is wrong of the new columns, too.
ALTER TABLE runs ADD COLUMN settled_at INTEGER;
UPDATE runs SET checksum = row_checksum(key_id, config, cost, loss, settled_at)
  WHERE checksum = row_checksum(key_id, config, cost, loss);

ALTER TABLE submissions ADD COLUMN used TEXT CHECK (used NOT GLOB '*[^0-9]*');
UPDATE submissions SET checksum = row_checksum(key_id, config, predicted_loss, submitted_at, used)
  WHERE checksum = row_checksum(key_id, config, predicted_loss, submitted_at);
