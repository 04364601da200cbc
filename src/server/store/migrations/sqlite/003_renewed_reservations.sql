-- A reservation is renewed by its holder for as long as its run goes on, and freed by whoever sees it stand still. It was freed with the
-- process that made it, which left those that a living process could not give back.

ALTER TABLE reservations ADD COLUMN renewals INTEGER NOT NULL DEFAULT 0;
DROP TABLE instances;

-- What asking for the health writes.
CREATE TABLE health (checks INTEGER NOT NULL) STRICT;
INSERT INTO health VALUES (0);

-- A key's runs in order, page by page: the index by configuration would be sorted anew for each page.
CREATE INDEX runs_in_order ON runs (key_id, id);
