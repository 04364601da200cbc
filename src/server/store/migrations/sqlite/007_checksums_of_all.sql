-- Whatever else is believed later: a bit that flips in a budget, in what a run will cost or in a prediction must not pass for what was written.
ALTER TABLE keys ADD COLUMN checksum TEXT NOT NULL DEFAULT '';
UPDATE keys SET checksum = row_checksum(id, hash, label, budget, used, reserved, revoked, instructor, created_at);

ALTER TABLE reservations ADD COLUMN checksum TEXT NOT NULL DEFAULT '';
UPDATE reservations SET checksum = row_checksum(ticket, key_id, config, cost, instance, created_at);

ALTER TABLE submissions ADD COLUMN checksum TEXT NOT NULL DEFAULT '';
UPDATE submissions SET checksum = row_checksum(key_id, config, predicted_loss, submitted_at);

ALTER TABLE facts ADD COLUMN checksum TEXT NOT NULL DEFAULT '';
UPDATE facts SET checksum = row_checksum(name, value);
