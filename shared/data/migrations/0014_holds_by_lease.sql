-- The last statement of a transaction that writes in the name of runs. Shared locks, so that a heartbeat is the only one to wait.
-- It raises in place of answering, so that a commit that was sent right behind it comes to nothing.
CREATE OR REPLACE FUNCTION "platform"."confirm_holds"(ids uuid[], attempts integer[], by_holder text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  held uuid[];
BEGIN
  SELECT array_agg(locked.id) INTO held FROM (
    -- Leased is running: by that name no plan takes the index of all that run, which looks small while the statistics are old.
    SELECT id FROM platform.job_runs
     WHERE id = ANY (ids) AND attempt = attempts[array_position(ids, id)] AND lease_holder = by_holder AND lease_expires_at IS NOT NULL
     ORDER BY id FOR SHARE
  ) locked;
  IF cardinality(held) IS DISTINCT FROM cardinality(ids) THEN
    RAISE EXCEPTION 'a run is no longer held' USING
      ERRCODE = 'RT001',
      DETAIL = (SELECT run FROM unnest(ids) AS run WHERE run <> ALL (coalesce(held, '{}')) LIMIT 1);
  END IF;
END
$$;
