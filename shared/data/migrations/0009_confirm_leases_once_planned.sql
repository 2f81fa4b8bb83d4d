CREATE OR REPLACE FUNCTION platform.confirm_leases(ids uuid[], attempts integer[], holder text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  leased uuid[];
BEGIN
  SELECT array_agg(locked.id) INTO leased FROM (
    -- lease_expires_at instead of state: the planner must not choose the index of all running runs, which looks small while
    -- statistics are old. (SELECT ids) hides the array's length: with it, each call would be planned again, because a plan
    -- for one run looks cheaper than the stored one.
    SELECT id FROM platform.job_runs
     WHERE id = ANY ((SELECT ids)::uuid[]) AND attempt = attempts[array_position(ids, id)]
       AND lease_holder = holder AND lease_expires_at IS NOT NULL
     ORDER BY id FOR SHARE
  ) locked;
  IF cardinality(leased) IS DISTINCT FROM cardinality(ids) THEN
    RAISE EXCEPTION 'the lease of a run was lost' USING
      ERRCODE = 'RT001',
      DETAIL = (SELECT run FROM unnest(ids) AS run WHERE run <> ALL (coalesce(leased, '{}')) LIMIT 1);
  END IF;
END
$$;
