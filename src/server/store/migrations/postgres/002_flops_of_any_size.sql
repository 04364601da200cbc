-- FLOPs become numeric, because a budget may pass 2^63. Only integers come in, so sums stay exact.

ALTER TABLE isoflop.keys ALTER budget TYPE numeric, ALTER used TYPE numeric, ALTER reserved TYPE numeric;
ALTER TABLE isoflop.runs ALTER cost TYPE numeric;
ALTER TABLE isoflop.reservations ALTER cost TYPE numeric;

DROP FUNCTION isoflop.reserve(text, text, bigint, bigint, text, bigint);
CREATE FUNCTION isoflop.reserve(
  wish_key text, wish_config text, wish_cost numeric, new_ticket bigint, wish_instance text, wish_now bigint,
  OUT kind text, OUT loss double precision, OUT budget numeric, OUT used numeric, OUT free numeric
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
DROP FUNCTION isoflop.settle(bigint, double precision);
CREATE FUNCTION isoflop.settle(settled_ticket bigint, settled_loss double precision) RETURNS numeric
LANGUAGE plpgsql AS $$
DECLARE
  taken isoflop.reservations;
  used_then numeric;
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

CREATE OR REPLACE FUNCTION isoflop.release(tickets bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM isoflop.keys k
  WHERE k.id IN (SELECT q.key_id FROM isoflop.reservations q WHERE q.ticket = ANY (tickets))
  ORDER BY k.id FOR NO KEY UPDATE;
  WITH taken AS (DELETE FROM isoflop.reservations q WHERE q.ticket = ANY (tickets) RETURNING q.key_id, q.cost),
       freed AS (SELECT key_id, sum(cost) AS cost FROM taken GROUP BY key_id)
  UPDATE isoflop.keys k SET reserved = k.reserved - freed.cost FROM freed WHERE k.id = freed.key_id;
END $$;
