-- What may be taken back of a key: what it had before it was reset, and the hash of the secret that another one replaced.
CREATE TABLE isoflop.pasts (
  key_id text NOT NULL REFERENCES isoflop.keys,
  number bigint NOT NULL, -- the key's count of changes then
  kind text NOT NULL,     -- reset or rekey
  at bigint NOT NULL,
  kept jsonb NOT NULL,    -- see ../../pasts.ts
  PRIMARY KEY (key_id, number)
);

-- Browsers that are signed in, by a hash of what their cookie holds.
CREATE TABLE isoflop.sessions (
  hash text PRIMARY KEY,
  key_id text NOT NULL REFERENCES isoflop.keys,
  begun_at bigint NOT NULL
);
CREATE INDEX sessions_of_key ON isoflop.sessions (key_id, begun_at);

CREATE FUNCTION isoflop.begin_session(new_hash text, new_key text, new_now bigint, oldest bigint, most bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM isoflop.keys k WHERE k.id = new_key FOR NO KEY UPDATE;
  DELETE FROM isoflop.sessions s WHERE s.begun_at < oldest;
  DELETE FROM isoflop.sessions s WHERE s.hash IN (
    SELECT o.hash FROM isoflop.sessions o WHERE o.key_id = new_key ORDER BY o.begun_at DESC, o.hash OFFSET most - 1);
  INSERT INTO isoflop.sessions VALUES (new_hash, new_key, new_now);
END $$;

-- Gives the owner another secret, by its hash; the sessions of the one before end.
CREATE FUNCTION isoflop.rekey(changed_key text, new_hash text, changed_now bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  old_hash text;
  change bigint;
BEGIN
  SELECT k.hash INTO old_hash FROM isoflop.keys k WHERE k.id = changed_key FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE isoflop.keys k SET hash = new_hash, changes = k.changes + 1 WHERE k.id = changed_key RETURNING k.changes INTO change;
  DELETE FROM isoflop.sessions s WHERE s.key_id = changed_key;
  INSERT INTO isoflop.pasts VALUES (changed_key, change, 'rekey', changed_now, jsonb_build_object('hash', old_hash));
  RETURN true;
END $$;

-- Forgets a key's runs, requests and reservations and what it spent, and its submissions where that is asked for; they are kept aside to be taken back.
DROP FUNCTION isoflop.reset(text, boolean);
CREATE FUNCTION isoflop.reset(reset_key text, with_submissions boolean, reset_now bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  change bigint;
  kept jsonb;
BEGIN
  UPDATE isoflop.keys k SET used = 0, reserved = 0, changes = k.changes + 1 WHERE k.id = reset_key RETURNING k.changes INTO change;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  kept := jsonb_build_object(
    'requests', (
      SELECT coalesce(jsonb_agg(to_jsonb(one) ORDER BY one.number), '[]') FROM (
        SELECT r.config, r.state, r.number, r.name, r.asked_at, r.started_at, r.ended_at, r.error, u.cost, u.loss, u.settled_at, c.curve
        FROM isoflop.requests r LEFT JOIN isoflop.runs u USING (key_id, config) LEFT JOIN isoflop.curves c USING (key_id, config)
        WHERE r.key_id = reset_key AND NOT isoflop.is_open(r.state)) one),
    'submissions', (
      SELECT coalesce(jsonb_agg(to_jsonb(one) ORDER BY one.id), '[]') FROM (
        SELECT s.id, s.config, s.predicted_loss, s.submitted_at, s.used FROM isoflop.submissions s
        WHERE s.key_id = reset_key AND with_submissions) one));
  IF kept <> '{"requests": [], "submissions": []}' THEN
    INSERT INTO isoflop.pasts VALUES (reset_key, change, 'reset', reset_now, kept);
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

-- Puts back what a reset has forgotten, beside what came since: a configuration that was run again stays as it is now.
CREATE FUNCTION isoflop.put_back(back_key text, kept jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one record;
BEGIN
  FOR one IN
    SELECT * FROM jsonb_to_recordset(kept -> 'requests') AS r (config text, state text, name text, asked_at bigint, started_at bigint,
      ended_at bigint, error text, cost numeric, loss double precision, settled_at bigint, curve text)
  LOOP
    CONTINUE WHEN EXISTS (SELECT FROM isoflop.reservations q WHERE q.key_id = back_key AND q.config = one.config);
    CONTINUE WHEN EXISTS (SELECT FROM isoflop.requests r
      WHERE r.key_id = back_key AND r.config = one.config AND (r.state = 'finished' OR one.state <> 'finished'));
    IF one.state = 'finished' THEN
      INSERT INTO isoflop.runs (key_id, config, cost, loss, settled_at) VALUES (back_key, one.config, one.cost, one.loss, one.settled_at);
      UPDATE isoflop.keys k SET used = k.used + one.cost WHERE k.id = back_key;
    END IF;
    DELETE FROM isoflop.requests r WHERE r.key_id = back_key AND r.config = one.config;
    INSERT INTO isoflop.requests (key_id, config, state, number, name, asked_at, started_at, ended_at, error)
    VALUES (back_key, one.config, one.state, isoflop.count_change(back_key, 0), one.name, one.asked_at, one.started_at, one.ended_at, one.error);
    IF one.curve IS NOT NULL THEN
      INSERT INTO isoflop.curves VALUES (back_key, one.config, one.curve) ON CONFLICT DO NOTHING;
    END IF;
  END LOOP;
  IF kept -> 'submissions' <> '[]' THEN
    -- The last one counts: those that came since stay behind.
    WITH since AS (DELETE FROM isoflop.submissions s WHERE s.key_id = back_key RETURNING s.*)
    INSERT INTO isoflop.submissions (key_id, config, predicted_loss, submitted_at, used)
    SELECT back_key, both_.config, both_.predicted_loss, both_.submitted_at, both_.used FROM (
      SELECT 0 AS part, b.id, b.config, b.predicted_loss, b.submitted_at, b.used
      FROM jsonb_to_recordset(kept -> 'submissions') AS b (id bigint, config text, predicted_loss double precision, submitted_at bigint, used numeric)
      UNION ALL SELECT 1, since.id, since.config, since.predicted_loss, since.submitted_at, since.used FROM since) both_
    ORDER BY both_.part, both_.id;
  END IF;
END $$;

-- Takes the last reset of a key back, or its last change of the secret: `done`, `none` where there is nothing of the kind, `taken` where another key has
-- that secret now.
CREATE FUNCTION isoflop.take_back(back_key text, back_kind text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  past isoflop.pasts;
BEGIN
  PERFORM FROM isoflop.keys k WHERE k.id = back_key FOR UPDATE;
  SELECT * INTO past FROM isoflop.pasts p WHERE p.key_id = back_key AND p.kind = back_kind ORDER BY p.number DESC LIMIT 1;
  IF NOT FOUND THEN
    RETURN 'none';
  END IF;
  IF EXISTS (SELECT FROM isoflop.keys k WHERE k.hash = past.kept ->> 'hash') THEN
    RETURN 'taken';
  END IF;
  DELETE FROM isoflop.pasts p WHERE p.key_id = back_key AND p.number = past.number;
  IF back_kind = 'rekey' THEN
    UPDATE isoflop.keys k SET hash = past.kept ->> 'hash', changes = k.changes + 1 WHERE k.id = back_key;
    DELETE FROM isoflop.sessions s WHERE s.key_id = back_key;
  ELSE
    PERFORM isoflop.count_change(back_key, 0);
    PERFORM isoflop.put_back(back_key, past.kept);
  END IF;
  RETURN 'done';
END $$;

-- A revoked key's open requests and its sessions end with it.
CREATE OR REPLACE FUNCTION isoflop.revoke(revoked_key text, revoked_now bigint, most bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE isoflop.keys k SET revoked = true, changes = k.changes + 1 WHERE k.id = revoked_key;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM isoflop.cancel(revoked_key, r.config, revoked_now, most)
  FROM isoflop.requests r WHERE r.key_id = revoked_key AND r.state IN ('waiting', 'running');
  DELETE FROM isoflop.sessions s WHERE s.key_id = revoked_key;
  RETURN true;
END $$;

-- The same as before, and a change of the key.
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
    PERFORM isoflop.count_change(wish_key, 0);
  END IF;
END $$;
