-- When a run was settled, ms since 1970, and what a key had used when it submitted. Older ones do not say.
ALTER TABLE isoflop.runs ADD settled_at bigint;
ALTER TABLE isoflop.submissions ADD used numeric;

-- What the key has used then; null when the reservation is gone.
DROP FUNCTION isoflop.settle(bigint, double precision);
CREATE FUNCTION isoflop.settle(settled_ticket bigint, settled_loss double precision, settled_now bigint) RETURNS numeric
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
  INSERT INTO isoflop.runs (key_id, config, cost, loss, settled_at)
  VALUES (taken.key_id, taken.config, taken.cost, settled_loss, settled_now);
  UPDATE isoflop.keys k SET used = k.used + taken.cost, reserved = k.reserved - taken.cost
  WHERE k.id = taken.key_id RETURNING k.used INTO used_then;
  RETURN used_then;
END $$;

-- Keeps a prediction, unless it is the last one again or there are as many as there may be; how many there are then. No kind: no key.
CREATE OR REPLACE FUNCTION isoflop.submit(
  wish_key text, wish_config text, wish_loss double precision, wish_now bigint, most bigint, OUT kind text, OUT attempts bigint
) LANGUAGE plpgsql AS $$
DECLARE
  last isoflop.submissions;
  used_then numeric;
BEGIN
  SELECT k.used INTO used_then FROM isoflop.keys k WHERE k.id = wish_key FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT count(*) INTO attempts FROM isoflop.submissions s WHERE s.key_id = wish_key;
  SELECT * INTO last FROM isoflop.submissions s WHERE s.key_id = wish_key ORDER BY s.id DESC LIMIT 1;
  IF last.config = wish_config AND last.predicted_loss = wish_loss THEN
    kind := 'repeated';
  ELSIF attempts >= most THEN
    kind := 'refused';
  ELSE
    kind := 'kept';
    attempts := attempts + 1;
    INSERT INTO isoflop.submissions (key_id, config, predicted_loss, submitted_at, used)
    VALUES (wish_key, wish_config, wish_loss, wish_now, used_then);
  END IF;
END $$;

-- Forgets a key's runs and reservations and what it spent; its submissions only when that is asked for.
DROP FUNCTION isoflop.reset(text);
CREATE FUNCTION isoflop.reset(reset_key text, with_submissions boolean) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE isoflop.keys k SET used = 0, reserved = 0 WHERE k.id = reset_key;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM isoflop.reservations q WHERE q.key_id = reset_key;
  DELETE FROM isoflop.runs r WHERE r.key_id = reset_key;
  IF with_submissions THEN
    DELETE FROM isoflop.submissions s WHERE s.key_id = reset_key;
  END IF;
  RETURN true;
END $$;
