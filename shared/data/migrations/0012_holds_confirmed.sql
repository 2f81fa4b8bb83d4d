-- The last statement of a transaction that writes in the name of runs. Shared locks, so that a heartbeat is the only one to wait.
-- It raises in place of answering, so that a commit that was sent right behind it comes to nothing.
CREATE FUNCTION "platform"."confirm_holds"(ids uuid[], attempts integer[], by_holder text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  held uuid[];
BEGIN
  SELECT array_agg(locked.id) INTO held FROM (
    SELECT r.id FROM platform.job_runs r JOIN unnest(ids, attempts) AS hold(id, attempt) USING (id)
     WHERE r.attempt = hold.attempt AND r.lease_holder = by_holder AND r.state = 'running'
     ORDER BY r.id FOR SHARE OF r
  ) locked;
  IF cardinality(held) IS DISTINCT FROM cardinality(ids) THEN
    RAISE EXCEPTION 'a run is no longer held' USING
      ERRCODE = 'RT001',
      DETAIL = (SELECT id FROM unnest(ids) AS id WHERE id <> ALL (coalesce(held, '{}')) LIMIT 1);
  END IF;
END
$$;
