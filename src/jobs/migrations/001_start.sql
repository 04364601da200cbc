-- Trainings that workers on other machines make: what is asked for, who has it, what came of it. These rows are the truth; the rows of pg-boss
-- carry a training to a worker and may be lost. The schema isoflop_jobs is made before the first migration. Times are the database's.

-- Trainings that the same workers can do wait in one queue of pg-boss.
CREATE TABLE isoflop_jobs.queues (
  name text PRIMARY KEY,
  producer text NOT NULL,            -- what the answers come from, as canonical JSON
  tags text[] NOT NULL,              -- a worker must have all of them
  memory bigint NOT NULL,            -- bytes that a training may need
  patience integer NOT NULL          -- seconds that a worker may be silent until another one gets what it has
);

CREATE TABLE isoflop_jobs.trainings (
  id uuid PRIMARY KEY,
  queue text NOT NULL REFERENCES isoflop_jobs.queues,
  producer text NOT NULL,
  config text NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'running', 'finished', 'diverged', 'refused', 'dead', 'cancelled')),
  turn integer NOT NULL,
  tries integer NOT NULL,            -- failures after which it is dead
  job uuid NOT NULL,                 -- the job of pg-boss that carries it now; of all others nothing is taken
  attempt integer NOT NULL DEFAULT 0, -- the ticket of whoever has it: what an earlier attempt says changes nothing
  failures integer NOT NULL DEFAULT 0,
  silences integer NOT NULL DEFAULT 0, -- attempts whose worker was not heard of any more
  worker text,                       -- who has it, or had it last
  asked_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL DEFAULT now(),
  beat_at timestamptz,
  loss double precision,
  diverged_at integer,
  words text,                        -- why it failed last
  curve jsonb,
  UNIQUE (producer, config),
  CHECK ((state = 'finished') = (loss IS NOT NULL))
) WITH (fillfactor = 70);

-- The turn that is served now is the last that was begun.
CREATE INDEX trainings_begun ON isoflop_jobs.trainings (queue, turn) WHERE attempt > 0;
CREATE INDEX trainings_open ON isoflop_jobs.trainings (queue, state, turn) WHERE state IN ('waiting', 'running', 'dead');

-- Who waits for a training. A server that died leaves its askers: what they asked for is made, and its answer kept.
CREATE TABLE isoflop_jobs.askers (
  training uuid NOT NULL REFERENCES isoflop_jobs.trainings ON DELETE CASCADE,
  asker text NOT NULL,
  PRIMARY KEY (training, asker)
);

-- The last turn that each asker has in a queue.
CREATE TABLE isoflop_jobs.turns (
  queue text NOT NULL,
  asker text NOT NULL,
  last integer NOT NULL,
  PRIMARY KEY (queue, asker)
);

-- Asks for a training: one for all who ask for the same. `sends` says that a job of pg-boss has to be sent for it, `moves` that its turn
-- became an earlier one.
CREATE FUNCTION isoflop_jobs.ask(
  new_id uuid, new_job uuid, wish_queue text, wish_producer text, wish_config text, wish_asker text, wish_tries integer,
  OUT id uuid, OUT queue text, OUT state text, OUT turn integer, OUT job uuid, OUT sends boolean, OUT moves boolean
) LANGUAGE plpgsql AS $$
DECLARE
  known isoflop_jobs.trainings;
  is_new boolean;
  is_asker boolean;
  own integer;
BEGIN
  INSERT INTO isoflop_jobs.trainings (id, queue, producer, config, state, turn, tries, job)
  VALUES (new_id, wish_queue, wish_producer, wish_config, 'waiting', 0, wish_tries, new_job)
  ON CONFLICT (producer, config) DO NOTHING;
  is_new := FOUND;
  SELECT * INTO known FROM isoflop_jobs.trainings t WHERE t.producer = wish_producer AND t.config = wish_config FOR UPDATE;
  id := known.id;
  queue := known.queue;
  state := known.state;
  turn := known.turn;
  job := known.job;
  sends := false;
  moves := false;
  IF known.state NOT IN ('waiting', 'running', 'cancelled') THEN
    RETURN;
  END IF;
  INSERT INTO isoflop_jobs.askers VALUES (known.id, wish_asker) ON CONFLICT DO NOTHING;
  is_asker := NOT FOUND;
  IF known.state = 'running' OR (is_asker AND NOT is_new AND known.state = 'waiting') THEN
    RETURN;
  END IF;
  sends := is_new OR known.state = 'cancelled';
  IF known.state = 'cancelled' THEN
    queue := wish_queue;
  END IF;
  -- While an asker waits no other one has two turns: its next turn comes after its last one, and after the one that is served now.
  SELECT greatest(
    coalesce((SELECT max(t.turn) FROM isoflop_jobs.trainings t WHERE t.queue = ask.queue AND t.attempt > 0), 0),
    coalesce((SELECT u.last FROM isoflop_jobs.turns u WHERE u.queue = ask.queue AND u.asker = wish_asker FOR UPDATE), 0)
  ) + 1 INTO own;
  moves := NOT sends AND own < known.turn;
  IF NOT sends AND NOT moves THEN
    RETURN;
  END IF;
  INSERT INTO isoflop_jobs.turns AS u VALUES (ask.queue, wish_asker, own)
  ON CONFLICT ON CONSTRAINT turns_pkey DO UPDATE SET last = greatest(u.last + 1, excluded.last) RETURNING u.last INTO own;
  turn := own;
  job := CASE WHEN sends THEN new_job ELSE known.job END;
  state := 'waiting';
  UPDATE isoflop_jobs.trainings t
  SET queue = ask.queue, state = 'waiting', turn = own, job = ask.job, tries = wish_tries, changed_at = now(),
    failures = CASE WHEN sends THEN 0 ELSE t.failures END, silences = CASE WHEN sends THEN 0 ELSE t.silences END
  WHERE t.id = known.id;
END $$;

-- A worker takes what a job of pg-boss carries. Void: it is over, or another job carries it. Alive: who has it was heard of, or could not be,
-- because the database itself was away; its job is left to it. A worker that was silent for too long has lost what it had; where that came
-- again and again, the training is dead.
CREATE FUNCTION isoflop_jobs.take(
  taken_job uuid, taken uuid, taker text,
  OUT kind text, OUT config text, OUT producer text, OUT attempt integer
) LANGUAGE plpgsql AS $$
DECLARE
  known isoflop_jobs.trainings;
  patience interval;
BEGIN
  SELECT * INTO known FROM isoflop_jobs.trainings t WHERE t.id = taken FOR UPDATE;
  kind := 'void';
  IF NOT FOUND OR known.job <> taken_job OR known.state NOT IN ('waiting', 'running') THEN
    RETURN;
  END IF;
  IF known.state = 'running' THEN
    SELECT make_interval(secs => q.patience) INTO patience FROM isoflop_jobs.queues q WHERE q.name = known.queue;
    IF clock_timestamp() - patience < greatest(known.beat_at, pg_postmaster_start_time()) THEN
      kind := 'alive';
      RETURN;
    END IF;
    IF known.silences + 1 >= known.tries + 2 THEN
      kind := 'dead';
      UPDATE isoflop_jobs.trainings t
      SET state = 'dead', silences = t.silences + 1, changed_at = now(), curve = NULL,
        words = format('%s workers that had it were not heard of any more; the last one was %s.', t.silences + 1, t.worker)
      WHERE t.id = taken;
      RETURN;
    END IF;
  END IF;
  kind := 'taken';
  config := known.config;
  producer := known.producer;
  attempt := known.attempt + 1;
  UPDATE isoflop_jobs.trainings t
  SET state = 'running', attempt = known.attempt + 1, worker = taker, beat_at = now(), changed_at = now(),
    silences = t.silences + CASE WHEN known.state = 'running' THEN 1 ELSE 0 END
  WHERE t.id = taken;
END $$;

-- What follows is said by an attempt, and does nothing where another one has the training, or nobody wants it.

CREATE FUNCTION isoflop_jobs.beat(beating uuid, with_attempt integer, new_curve jsonb) RETURNS boolean
LANGUAGE sql AS $$
  UPDATE isoflop_jobs.trainings t SET beat_at = now(), curve = coalesce(new_curve, t.curve)
  WHERE t.id = beating AND t.attempt = with_attempt AND t.state = 'running' RETURNING true
$$;

CREATE FUNCTION isoflop_jobs.answer(
  answered uuid, with_attempt integer, new_state text, new_loss double precision, new_diverged_at integer, new_words text
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE isoflop_jobs.trainings t
  SET state = new_state, loss = new_loss, diverged_at = new_diverged_at, words = new_words, curve = NULL, changed_at = now()
  WHERE t.id = answered AND t.attempt = with_attempt AND t.state = 'running';
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM isoflop_jobs.askers a WHERE a.training = answered;
  RETURN true;
END $$;

-- Puts it back into the line, at its turn, with another job of pg-boss; one that failed too often is dead.
CREATE FUNCTION isoflop_jobs.give_back(given uuid, with_attempt integer, new_job uuid, has_failed boolean, new_words text)
RETURNS TABLE (state text, queue text, turn integer, failures integer) LANGUAGE sql AS $$
  UPDATE isoflop_jobs.trainings t
  SET state = CASE WHEN has_failed AND t.failures + 1 >= t.tries THEN 'dead' ELSE 'waiting' END,
    failures = t.failures + CASE WHEN has_failed THEN 1 ELSE 0 END,
    job = new_job, words = coalesce(new_words, t.words), changed_at = now()
  WHERE t.id = given AND t.attempt = with_attempt AND t.state = 'running' RETURNING t.state, t.queue, t.turn, t.failures
$$;

-- Somebody does not wait any more. Where nobody does, the training is cancelled: gives its queue and its job.
CREATE FUNCTION isoflop_jobs.leave(left_training uuid, leaver text) RETURNS TABLE (queue text, job uuid) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM isoflop_jobs.trainings t WHERE t.id = left_training FOR UPDATE;
  DELETE FROM isoflop_jobs.askers a WHERE a.training = left_training AND a.asker = leaver;
  RETURN QUERY UPDATE isoflop_jobs.trainings t SET state = 'cancelled', curve = NULL, changed_at = now()
  WHERE t.id = left_training AND t.state IN ('waiting', 'running')
    AND NOT EXISTS (SELECT FROM isoflop_jobs.askers a WHERE a.training = left_training)
  RETURNING t.queue, t.job;
END $$;

-- What an operator does. Cancelling a dead one forgets why: asked for again, it is made from the beginning.
CREATE FUNCTION isoflop_jobs.cancel(cancelled uuid) RETURNS TABLE (queue text, job uuid) LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM isoflop_jobs.askers a WHERE a.training = cancelled;
  RETURN QUERY UPDATE isoflop_jobs.trainings t SET state = 'cancelled', curve = NULL, changed_at = now()
  WHERE t.id = cancelled AND t.state IN ('waiting', 'running', 'dead') RETURNING t.queue, t.job;
END $$;

CREATE FUNCTION isoflop_jobs.retry(retried uuid, new_job uuid) RETURNS TABLE (queue text, turn integer) LANGUAGE sql AS $$
  UPDATE isoflop_jobs.trainings t SET state = 'waiting', failures = 0, silences = 0, job = new_job, changed_at = now()
  WHERE t.id = retried AND t.state = 'dead' RETURNING t.queue, t.turn
$$;
