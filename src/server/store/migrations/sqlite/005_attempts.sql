-- Every prediction that a key submits is kept with its time; the last one counts. There was one for each key.
CREATE TABLE new_submissions (
  id INTEGER PRIMARY KEY, -- grows in the order of coming
  key_id TEXT NOT NULL REFERENCES keys,
  config TEXT NOT NULL,
  predicted_loss REAL NOT NULL,
  submitted_at INTEGER NOT NULL
) STRICT;
INSERT INTO new_submissions (key_id, config, predicted_loss, submitted_at)
  SELECT key_id, config, predicted_loss, submitted_at FROM submissions ORDER BY submitted_at;
DROP TABLE submissions;
ALTER TABLE new_submissions RENAME TO submissions;
CREATE INDEX submissions_in_order ON submissions (key_id, id);

-- Whether the key is an instructor's, who may know what is true.
ALTER TABLE keys ADD COLUMN instructor INTEGER NOT NULL DEFAULT 0;
