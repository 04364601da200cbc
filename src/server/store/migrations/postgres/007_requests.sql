-- What is asked for without waiting for it: one row for each configuration of a key, and for each run that it was charged for. `number` is the key's count
-- of changes at the last change of the row, so that whoever knows a number learns what came after it: the key's row is locked while it counts.
-- An open request has a reservation: its own by `ticket`, or where that is null the one of a query of GET /loss.
ALTER TABLE isoflop.keys ADD changes bigint NOT NULL DEFAULT 0;

CREATE TABLE isoflop.requests (
  key_id text NOT NULL REFERENCES isoflop.keys,
  config text NOT NULL,
  state text NOT NULL, -- waiting, running, finished, diverged, failed or cancelled
  number bigint NOT NULL,
  ticket bigint,
  name text,           -- what its asker called it
  asked_at bigint,
  started_at bigint,
  ended_at bigint,
  error text,          -- of one that failed: JSON with code and message
  PRIMARY KEY (key_id, config)
) WITH (fillfactor = 70);
CREATE INDEX requests_in_order ON isoflop.requests (key_id, number);
CREATE INDEX requests_unfinished ON isoflop.requests (key_id, number) WHERE state <> 'finished';
CREATE INDEX requests_open ON isoflop.requests (key_id) WHERE state IN ('waiting', 'running');

-- How far the run of a request is, as it was told last.
CREATE TABLE isoflop.curves (
  key_id text NOT NULL REFERENCES isoflop.keys,
  config text NOT NULL,
  curve text NOT NULL, -- JSON
  PRIMARY KEY (key_id, config)
);

INSERT INTO isoflop.requests (key_id, config, state, number, ended_at)
  SELECT key_id, config, 'finished', row_number() OVER (PARTITION BY key_id ORDER BY id), settled_at FROM isoflop.runs;
UPDATE isoflop.keys k SET changes = (SELECT count(*) FROM isoflop.runs r WHERE r.key_id = k.id);

-- A holder that has left a reservation to whoever takes its request over is ''.

CREATE FUNCTION isoflop.is_open(state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT state IN ('waiting', 'running') $$;

-- Counts a change of a key, whose row is locked from then on.
CREATE FUNCTION isoflop.count_change(changed_key text, freed numeric) RETURNS bigint LANGUAGE sql AS $$
  UPDATE isoflop.keys k SET changes = k.changes + 1, reserved = k.reserved - freed WHERE k.id = changed_key RETURNING k.changes
$$;

CREATE FUNCTION isoflop.ask(
  wish_key text, wish_config text, wish_cost numeric, new_ticket bigint, wish_instance text, wish_name text, most bigint, wish_now bigint,
  OUT kind text, OUT shared boolean, OUT open bigint, OUT budget numeric, OUT used numeric, OUT free numeric
) LANGUAGE plpgsql AS $$
DECLARE
  key isoflop.keys;
  known isoflop.requests;
  change bigint;
BEGIN
  SELECT * INTO key FROM isoflop.keys k WHERE k.id = wish_key FOR NO KEY UPDATE;
  IF NOT FOUND OR key.revoked THEN
    kind := 'no-key';
    RETURN;
  END IF;
  budget := key.budget;
  used := key.used;
  free := key.budget - key.used - key.reserved;
  SELECT * INTO known FROM isoflop.requests r WHERE r.key_id = wish_key AND r.config = wish_config;
  IF FOUND AND (known.state NOT IN ('failed', 'cancelled') OR known.name = wish_name) THEN
    kind := 'known';
    RETURN;
  END IF;
  SELECT count(*) INTO open FROM isoflop.requests r WHERE r.key_id = wish_key AND r.state IN ('waiting', 'running');
  IF open >= most THEN
    kind := 'too-many';
    RETURN;
  END IF;
  shared := EXISTS (SELECT FROM isoflop.reservations q WHERE q.key_id = wish_key AND q.config = wish_config);
  IF NOT shared AND wish_cost > free THEN
    kind := 'refused';
    RETURN;
  END IF;
  kind := 'opened';
  IF NOT shared THEN
    INSERT INTO isoflop.reservations (ticket, key_id, config, cost, instance, created_at)
    VALUES (new_ticket, wish_key, wish_config, wish_cost, wish_instance, wish_now);
  END IF;
  change := isoflop.count_change(wish_key, CASE WHEN shared THEN 0 ELSE -wish_cost END);
  DELETE FROM isoflop.curves c WHERE c.key_id = wish_key AND c.config = wish_config;
  INSERT INTO isoflop.requests (key_id, config, state, number, ticket, name, asked_at, started_at)
  VALUES (wish_key, wish_config, CASE WHEN shared THEN 'running' ELSE 'waiting' END, change, CASE WHEN NOT shared THEN new_ticket END,
    wish_name, wish_now, CASE WHEN shared THEN wish_now END)
  ON CONFLICT (key_id, config) DO UPDATE SET state = excluded.state, number = excluded.number, ticket = excluded.ticket,
    name = excluded.name, asked_at = excluded.asked_at, started_at = excluded.started_at, ended_at = NULL, error = NULL;
END $$;

CREATE FUNCTION isoflop.begin_request(begun_ticket bigint, begun_now bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  begun isoflop.reservations;
BEGIN
  SELECT * INTO begun FROM isoflop.reservations q WHERE q.ticket = begun_ticket;
  PERFORM FROM isoflop.keys k WHERE k.id = begun.key_id FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM isoflop.requests r WHERE r.key_id = begun.key_id AND r.config = begun.config
      AND r.ticket = begun_ticket AND r.state = 'waiting') THEN
    UPDATE isoflop.requests r SET state = 'running', number = isoflop.count_change(begun.key_id, 0), started_at = begun_now
    WHERE r.key_id = begun.key_id AND r.config = begun.config;
  END IF;
END $$;

-- Forgets the oldest of a key's requests that came to nothing.
CREATE FUNCTION isoflop.forget_old(old_key text, most bigint) RETURNS void LANGUAGE sql AS $$
  DELETE FROM isoflop.requests r WHERE r.key_id = old_key AND r.state <> 'finished' AND r.state IN ('diverged', 'failed', 'cancelled')
    AND r.number <= (
      SELECT s.number FROM isoflop.requests s WHERE s.key_id = old_key AND s.state <> 'finished' AND s.state IN ('diverged', 'failed', 'cancelled')
      ORDER BY s.number DESC LIMIT 1 OFFSET most)
$$;

-- Whether the ticket was that of an open request, which has come to no loss.
CREATE FUNCTION isoflop.end_request(ended_ticket bigint, ended_state text, ended_error text, ended_now bigint, most bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  ended isoflop.reservations;
BEGIN
  PERFORM FROM isoflop.keys k
  WHERE k.id = (SELECT q.key_id FROM isoflop.reservations q WHERE q.ticket = ended_ticket) FOR NO KEY UPDATE;
  SELECT q.* INTO ended FROM isoflop.reservations q JOIN isoflop.requests r USING (key_id, config, ticket) WHERE q.ticket = ended_ticket;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM isoflop.reservations q WHERE q.ticket = ended_ticket;
  UPDATE isoflop.requests r
  SET state = ended_state, number = isoflop.count_change(ended.key_id, ended.cost), ticket = NULL, ended_at = ended_now, error = ended_error
  WHERE r.key_id = ended.key_id AND r.config = ended.config;
  PERFORM isoflop.forget_old(ended.key_id, most);
  RETURN true;
END $$;

-- `cancelled` or `ended`; null where there is no such request.
CREATE FUNCTION isoflop.cancel(cancelled_key text, cancelled_config text, cancelled_now bigint, most bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  known isoflop.requests;
  freed numeric;
BEGIN
  PERFORM FROM isoflop.keys k WHERE k.id = cancelled_key FOR NO KEY UPDATE;
  SELECT * INTO known FROM isoflop.requests r WHERE r.key_id = cancelled_key AND r.config = cancelled_config;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF NOT isoflop.is_open(known.state) THEN
    RETURN 'ended';
  END IF;
  DELETE FROM isoflop.reservations q WHERE q.ticket = known.ticket RETURNING q.cost INTO freed;
  UPDATE isoflop.requests r
  SET state = 'cancelled', number = isoflop.count_change(cancelled_key, coalesce(freed, 0)), ticket = NULL, ended_at = cancelled_now
  WHERE r.key_id = cancelled_key AND r.config = cancelled_config;
  PERFORM isoflop.forget_old(cancelled_key, most);
  RETURN 'cancelled';
END $$;

-- A revoked key's open requests end with it.
CREATE FUNCTION isoflop.revoke(revoked_key text, revoked_now bigint, most bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE isoflop.keys k SET revoked = true WHERE k.id = revoked_key;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM isoflop.cancel(revoked_key, r.config, revoked_now, most)
  FROM isoflop.requests r WHERE r.key_id = revoked_key AND r.state IN ('waiting', 'running');
  RETURN true;
END $$;

-- Takes the requests of those reservations that have been renewed as often as they were seen to be, each under a new ticket. Those of a key whose row is
-- held are left for the next time.
CREATE FUNCTION isoflop.take_over(seen_tickets bigint[], seen_renewals bigint[], new_tickets bigint[], new_instance text)
RETURNS TABLE (key_id text, config text, ticket bigint) LANGUAGE plpgsql AS $$
DECLARE
  taken record;
BEGIN
  FOR taken IN
    SELECT q.key_id, q.config, q.ticket, q.renewals, seen.mine
    FROM unnest(seen_tickets, seen_renewals, new_tickets) AS seen (ticket, renewals, mine)
    JOIN isoflop.reservations q ON q.ticket = seen.ticket AND q.renewals = seen.renewals
    ORDER BY q.key_id, q.ticket
  LOOP
    PERFORM FROM isoflop.keys k WHERE k.id = taken.key_id FOR NO KEY UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND;
    CONTINUE WHEN NOT EXISTS (SELECT FROM isoflop.requests r
      WHERE r.key_id = taken.key_id AND r.config = taken.config AND r.state IN ('waiting', 'running'));
    UPDATE isoflop.reservations q SET ticket = taken.mine, instance = new_instance, renewals = 0
    WHERE q.ticket = taken.ticket AND q.renewals = taken.renewals;
    CONTINUE WHEN NOT FOUND;
    UPDATE isoflop.requests r SET state = 'waiting', number = isoflop.count_change(taken.key_id, 0), ticket = taken.mine
    WHERE r.key_id = taken.key_id AND r.config = taken.config;
    key_id := taken.key_id;
    config := taken.config;
    ticket := taken.mine;
    RETURN NEXT;
  END LOOP;
END $$;

CREATE FUNCTION isoflop.note_curve(noted_key text, noted_config text, noted_curve text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  INSERT INTO isoflop.curves
  SELECT noted_key, noted_config, noted_curve FROM isoflop.requests r
  WHERE r.key_id = noted_key AND r.config = noted_config AND r.state IN ('waiting', 'running')
  ON CONFLICT (key_id, config) DO UPDATE SET curve = excluded.curve;
END $$;

-- What the key has used then; null when the reservation is gone.
CREATE OR REPLACE FUNCTION isoflop.settle(settled_ticket bigint, settled_loss double precision, settled_now bigint) RETURNS numeric
LANGUAGE plpgsql AS $$
DECLARE
  taken isoflop.reservations;
  used_then numeric;
  change bigint;
BEGIN
  PERFORM FROM isoflop.keys k
  WHERE k.id = (SELECT q.key_id FROM isoflop.reservations q WHERE q.ticket = settled_ticket) FOR NO KEY UPDATE;
  DELETE FROM isoflop.reservations q WHERE q.ticket = settled_ticket RETURNING * INTO taken;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  INSERT INTO isoflop.runs (key_id, config, cost, loss, settled_at)
  VALUES (taken.key_id, taken.config, taken.cost, settled_loss, settled_now);
  UPDATE isoflop.keys k SET used = k.used + taken.cost, reserved = k.reserved - taken.cost, changes = k.changes + 1
  WHERE k.id = taken.key_id RETURNING k.used, k.changes INTO used_then, change;
  INSERT INTO isoflop.requests (key_id, config, state, number, asked_at, ended_at)
  VALUES (taken.key_id, taken.config, 'finished', change, taken.created_at, settled_now)
  ON CONFLICT (key_id, config) DO UPDATE SET state = 'finished', number = change, ticket = NULL, ended_at = settled_now, error = NULL;
  RETURN used_then;
END $$;

-- Gives reservations back, but of those of open requests, which are left to whoever takes them over.
CREATE OR REPLACE FUNCTION isoflop.release(tickets bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM isoflop.keys k
  WHERE k.id IN (SELECT q.key_id FROM isoflop.reservations q WHERE q.ticket = ANY (tickets))
  ORDER BY k.id FOR NO KEY UPDATE;
  WITH needed AS (
    UPDATE isoflop.requests r SET ticket = q.ticket FROM isoflop.reservations q
    WHERE q.ticket = ANY (tickets) AND r.key_id = q.key_id AND r.config = q.config AND r.state IN ('waiting', 'running')
    RETURNING q.ticket
  )
  UPDATE isoflop.reservations q SET instance = '', renewals = 0 FROM needed WHERE q.ticket = needed.ticket;
  WITH taken AS (DELETE FROM isoflop.reservations q WHERE q.ticket = ANY (tickets) AND q.instance <> '' RETURNING q.key_id, q.cost),
       freed AS (SELECT key_id, sum(cost) AS cost FROM taken GROUP BY key_id)
  UPDATE isoflop.keys k SET reserved = k.reserved - freed.cost FROM freed WHERE k.id = freed.key_id;
END $$;

-- Gives those back that are gone.
DROP FUNCTION isoflop.renew(bigint[]);
CREATE FUNCTION isoflop.renew(tickets bigint[]) RETURNS SETOF bigint
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  UPDATE isoflop.reservations r SET renewals = r.renewals + 1 WHERE r.ticket IN (
    SELECT q.ticket FROM isoflop.reservations q WHERE q.ticket = ANY (tickets) FOR UPDATE SKIP LOCKED
  );
  RETURN QUERY SELECT t FROM unnest(tickets) t WHERE NOT EXISTS (SELECT FROM isoflop.reservations q WHERE q.ticket = t);
END $$;

-- The same but for those that an open request needs.
CREATE OR REPLACE FUNCTION isoflop.reclaim(seen_tickets bigint[], seen_renewals bigint[]) RETURNS bigint
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
      AND NOT EXISTS (SELECT FROM isoflop.requests r
        WHERE r.key_id = q.key_id AND r.config = q.config AND r.state IN ('waiting', 'running'))
    RETURNING q.key_id, q.cost
  ), freed AS (
    SELECT t.key_id, sum(t.cost) AS cost, count(*) AS number FROM taken t GROUP BY t.key_id
  ), updated AS (
    UPDATE isoflop.keys k SET reserved = k.reserved - freed.cost FROM freed WHERE k.id = freed.key_id
  )
  SELECT coalesce(sum(freed.number), 0) INTO reclaimed FROM freed;
  RETURN reclaimed;
END $$;

CREATE OR REPLACE FUNCTION isoflop.reset(reset_key text, with_submissions boolean) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE isoflop.keys k SET used = 0, reserved = 0 WHERE k.id = reset_key;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM isoflop.reservations q WHERE q.key_id = reset_key;
  DELETE FROM isoflop.runs r WHERE r.key_id = reset_key;
  DELETE FROM isoflop.requests r WHERE r.key_id = reset_key;
  DELETE FROM isoflop.curves c WHERE c.key_id = reset_key;
  IF with_submissions THEN
    DELETE FROM isoflop.submissions s WHERE s.key_id = reset_key;
  END IF;
  RETURN true;
END $$;
