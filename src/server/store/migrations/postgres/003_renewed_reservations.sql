-- A reservation is renewed by its holder for as long as its run goes on, and freed by whoever sees it stand still. It was freed with the
-- process that made it, which left those that a living process could not give back. No function reads a clock: clocks jump.

ALTER TABLE isoflop.reservations ADD renewals bigint NOT NULL DEFAULT 0;

-- What asking for the health writes.
CREATE TABLE isoflop.health (checks bigint NOT NULL);
INSERT INTO isoflop.health VALUES (0);

-- A key's runs in order, page by page: the index by configuration would be sorted anew for each page.
CREATE INDEX runs_in_order ON isoflop.runs (key_id, id);

DROP FUNCTION isoflop.sweep(text, bigint, bigint);
DROP TABLE isoflop.instances;

-- Rows that others hold are left out, so that renewing waits for nobody: they are being settled, released or renewed just now.
CREATE FUNCTION isoflop.renew(tickets bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  UPDATE isoflop.reservations r SET renewals = r.renewals + 1 WHERE r.ticket IN (
    SELECT q.ticket FROM isoflop.reservations q WHERE q.ticket = ANY (tickets) FOR UPDATE SKIP LOCKED
  );
END $$;

-- Frees the reservations that have been renewed as often as they were seen to be, and gives their number. Those of a key whose row is
-- held are left for the next time: one locked key must not keep the others waiting.
CREATE FUNCTION isoflop.reclaim(seen_tickets bigint[], seen_renewals bigint[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  locked text[];
  reclaimed bigint;
BEGIN
  locked := ARRAY(
    SELECT k.id FROM isoflop.keys k
    WHERE k.id IN (SELECT q.key_id FROM isoflop.reservations q WHERE q.ticket = ANY (seen_tickets))
    ORDER BY k.id FOR NO KEY UPDATE SKIP LOCKED
  );
  WITH taken AS (
    DELETE FROM isoflop.reservations q USING unnest(seen_tickets, seen_renewals) AS seen (ticket, renewals)
    WHERE q.ticket = seen.ticket AND q.renewals = seen.renewals AND q.key_id = ANY (locked)
    RETURNING q.key_id, q.cost
  ), freed AS (
    SELECT t.key_id, sum(t.cost) AS cost, count(*) AS number FROM taken t GROUP BY t.key_id
  ), updated AS (
    UPDATE isoflop.keys k SET reserved = k.reserved - freed.cost FROM freed WHERE k.id = freed.key_id
  )
  SELECT coalesce(sum(freed.number), 0) INTO reclaimed FROM freed;
  RETURN reclaimed;
END $$;

-- A process that ends in good order leaves no reservation behind.
CREATE OR REPLACE FUNCTION isoflop.leave(own_instance text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM isoflop.release(ARRAY(SELECT q.ticket FROM isoflop.reservations q WHERE q.instance = own_instance));
END $$;

-- Forgets the key's reservations too: a run that goes on sets its cost aside again before it is settled.
CREATE OR REPLACE FUNCTION isoflop.reset(reset_key text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE isoflop.keys k SET used = 0, reserved = 0 WHERE k.id = reset_key;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM isoflop.reservations q WHERE q.key_id = reset_key;
  DELETE FROM isoflop.runs r WHERE r.key_id = reset_key;
  DELETE FROM isoflop.submissions s WHERE s.key_id = reset_key;
  RETURN true;
END $$;

-- Makes what a key has reserved the sum of its reservations.
CREATE FUNCTION isoflop.reconcile(unbalanced_key text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM isoflop.keys k WHERE k.id = unbalanced_key FOR NO KEY UPDATE;
  UPDATE isoflop.keys k
  SET reserved = (SELECT coalesce(sum(q.cost), 0) FROM isoflop.reservations q WHERE q.key_id = k.id)
  WHERE k.id = unbalanced_key;
END $$;
