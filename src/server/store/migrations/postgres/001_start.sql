-- FLOPs are exact 64-bit integers, times are milliseconds since 1970, `config` is the canonical text of a configuration
-- (dModel/numLayers/numHeads/batchSize/learningRate/trainFlops). The schema `isoflop` is made before the first migration.

CREATE TABLE isoflop.keys (
  id text PRIMARY KEY,
  hash text NOT NULL UNIQUE,
  label text NOT NULL,
  budget bigint NOT NULL CHECK (budget >= 0),
  used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),         -- always the sum of the key's runs
  reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0), -- always the sum of the key's reservations
  revoked boolean NOT NULL DEFAULT false,
  created_at bigint NOT NULL
) WITH (fillfactor = 50); -- every run updates its key: leave room for that on the same page

CREATE TABLE isoflop.runs (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, -- per key it grows in the order of settling
  key_id text NOT NULL REFERENCES isoflop.keys,
  config text NOT NULL,
  cost bigint NOT NULL,
  loss double precision NOT NULL,
  UNIQUE (key_id, config)
);

CREATE TABLE isoflop.reservations (
  ticket bigint PRIMARY KEY,
  key_id text NOT NULL REFERENCES isoflop.keys,
  config text NOT NULL,
  cost bigint NOT NULL,
  instance text NOT NULL,
  created_at bigint NOT NULL,
  UNIQUE (key_id, config)
);

-- The processes that serve this database, and when each last said that it lives.
CREATE TABLE isoflop.instances (
  id text PRIMARY KEY,
  seen_at bigint NOT NULL
);

CREATE TABLE isoflop.submissions (
  key_id text PRIMARY KEY REFERENCES isoflop.keys,
  config text NOT NULL,
  predicted_loss double precision NOT NULL,
  submitted_at bigint NOT NULL
);

-- All functions lock the row of the key before they touch its runs and reservations, and rows of several keys in the
-- order of their ids: what they read stays true until they commit, and none waits for another in a circle.

CREATE FUNCTION isoflop.reserve(
  wish_key text, wish_config text, wish_cost bigint, new_ticket bigint, wish_instance text, wish_now bigint,
  OUT kind text, OUT loss double precision, OUT budget bigint, OUT used bigint, OUT free bigint
) LANGUAGE plpgsql AS $$
DECLARE
  key isoflop.keys;
BEGIN
  SELECT * INTO key FROM isoflop.keys k WHERE k.id = wish_key FOR NO KEY UPDATE;
  IF NOT FOUND OR key.revoked THEN
    kind := 'no-key';
    RETURN;
  END IF;
  budget := key.budget;
  used := key.used;
  free := key.budget - key.used - key.reserved;
  SELECT r.loss INTO loss FROM isoflop.runs r WHERE r.key_id = wish_key AND r.config = wish_config;
  IF FOUND THEN
    kind := 'settled';
  ELSIF EXISTS (SELECT FROM isoflop.reservations q WHERE q.key_id = wish_key AND q.config = wish_config) THEN
    kind := 'in-flight';
  ELSIF wish_cost > free THEN
    kind := 'refused';
  ELSE
    kind := 'reserved';
    -- A reservation that a power cut loses charges nothing, so do not wait for the disk.
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO isoflop.reservations VALUES (new_ticket, wish_key, wish_config, wish_cost, wish_instance, wish_now);
    UPDATE isoflop.keys k SET reserved = k.reserved + wish_cost WHERE k.id = wish_key;
  END IF;
END $$;

-- What the key has used then; null when the reservation is gone.
CREATE FUNCTION isoflop.settle(settled_ticket bigint, settled_loss double precision) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  taken isoflop.reservations;
  used_then bigint;
BEGIN
  PERFORM FROM isoflop.keys k
  WHERE k.id = (SELECT q.key_id FROM isoflop.reservations q WHERE q.ticket = settled_ticket) FOR NO KEY UPDATE;
  DELETE FROM isoflop.reservations q WHERE q.ticket = settled_ticket RETURNING * INTO taken;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  INSERT INTO isoflop.runs (key_id, config, cost, loss)
  VALUES (taken.key_id, taken.config, taken.cost, settled_loss);
  UPDATE isoflop.keys k SET used = k.used + taken.cost, reserved = k.reserved - taken.cost
  WHERE k.id = taken.key_id RETURNING k.used INTO used_then;
  RETURN used_then;
END $$;

CREATE FUNCTION isoflop.release(tickets bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM isoflop.keys k
  WHERE k.id IN (SELECT q.key_id FROM isoflop.reservations q WHERE q.ticket = ANY (tickets))
  ORDER BY k.id FOR NO KEY UPDATE;
  WITH taken AS (DELETE FROM isoflop.reservations q WHERE q.ticket = ANY (tickets) RETURNING q.key_id, q.cost),
       freed AS (SELECT key_id, sum(cost)::bigint AS cost FROM taken GROUP BY key_id)
  UPDATE isoflop.keys k SET reserved = k.reserved - freed.cost FROM freed WHERE k.id = freed.key_id;
END $$;

CREATE FUNCTION isoflop.reset(reset_key text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE isoflop.keys k SET used = 0 WHERE k.id = reset_key;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM isoflop.runs r WHERE r.key_id = reset_key;
  DELETE FROM isoflop.submissions s WHERE s.key_id = reset_key;
  RETURN true;
END $$;

CREATE FUNCTION isoflop.sweep(own_instance text, sweep_now bigint, dead_before bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO isoflop.instances VALUES (own_instance, sweep_now)
  ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at;
  PERFORM isoflop.release(ARRAY(
    SELECT q.ticket FROM isoflop.reservations q LEFT JOIN isoflop.instances i ON i.id = q.instance
    WHERE coalesce(i.seen_at, q.created_at) < dead_before
  ));
  DELETE FROM isoflop.instances i WHERE i.seen_at < dead_before;
END $$;

-- A process that ends in good order leaves no reservation behind.
CREATE FUNCTION isoflop.leave(own_instance text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM isoflop.release(ARRAY(SELECT q.ticket FROM isoflop.reservations q WHERE q.instance = own_instance));
  DELETE FROM isoflop.instances i WHERE i.id = own_instance;
END $$;
