-- Every prediction that a key submits is kept with its time; the last one counts. There was one for each key.
ALTER TABLE isoflop.submissions DROP CONSTRAINT submissions_pkey;
ALTER TABLE isoflop.submissions ADD id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY; -- per key it grows in the order of coming
CREATE INDEX submissions_in_order ON isoflop.submissions (key_id, id);

-- Whether the key is an instructor's, who may know what is true.
ALTER TABLE isoflop.keys ADD instructor boolean NOT NULL DEFAULT false;

-- Keeps a prediction, unless it is the last one again or there are as many as there may be; how many there are then. No kind: no key.
CREATE FUNCTION isoflop.submit(
  wish_key text, wish_config text, wish_loss double precision, wish_now bigint, most bigint, OUT kind text, OUT attempts bigint
) LANGUAGE plpgsql AS $$
DECLARE
  last isoflop.submissions;
BEGIN
  PERFORM FROM isoflop.keys k WHERE k.id = wish_key FOR NO KEY UPDATE;
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
    INSERT INTO isoflop.submissions (key_id, config, predicted_loss, submitted_at)
    VALUES (wish_key, wish_config, wish_loss, wish_now);
  END IF;
END $$;
