import postgres from "postgres";
import { costOf, peakMiB } from "../support/process-cost.ts";
import { CONSTRAINTS, DAY } from "./analysis-input.ts";

/** The lower bound: the formulas of this county as one expression for all liens, without recorded progress. */
const [url, pid] = process.argv.slice(2) as [string, string];
const sql = postgres(url, { max: 1, onnotice: () => undefined });
await sql`select 1`;
const { budget, minYield, maxRiskScore, maxLtv } = CONSTRAINTS;
const cost = await costOf({ url, pid: Number(pid) }, () =>
  sql.begin(async (tx) => {
    // 13 months and 365 days until a redemption a year later.
    await tx`
      insert into tax_liens.deal_metrics (lien_id, as_of, version, cost, ltv, implausible_value, expected_yield, risk_score,
                                          deal_score, explanation, computed_at)
      select id, ${DAY}::date, 1, cost, round(ltv, 6), coalesce(ltv > 1, false), yield, risk,
             round((least(1, greatest(0, yield / 16)) + 1 - risk / 100) * 50, 2),
             case when ltv is null then 'the property has no valuation: no LTV, risk or score' end, now()
        from (
          select l.id, face_amount + premium + fees as cost, ltv,
                 round((round(face_amount * interest_rate / 100 * 13 / 12, 2) + penalties - fees)
                       / (face_amount + premium + fees) * 100, 4) as yield,
                 round(40 * least(1, greatest(0, (ltv - 0.05) / 0.55))
                       + 20 * case property_type when 'residential' then 0.2 when 'commercial' then 0.4
                                                 when 'industrial' then 0.6 when 'vacant_land' then 0.8 else 0.9 end
                       + 15 * least(1, (${DAY}::date - day) / 365.0)
                       + 10 * (bankruptcy::integer + environmental::integer + code_violations::integer) / 3.0, 2) as risk
            from tax_liens.liens l
            join tax_liens.properties p on p.id = l.property_id
            left join lateral (
              select value, day from tax_liens.property_valuations v
               where v.property_id = p.id and value is not null and day <= ${DAY}::date order by day desc, provider limit 1
            ) v on true
            cross join lateral (select (face_amount + prior_liens + penalties) / v.value as ltv) ratio
           where l.county_id = 'sample-az' and l.status = 'available'
        ) computed`;
    await tx`
      insert into tax_liens.analysis_runs (id, run_id, definition, as_of, recipient, requested_by, created_at)
      values ('00000000-0000-7000-8000-000000000000', '00000000-0000-7000-8000-000000000000', '{}', ${DAY}::date, '', '', now())`;
    await tx.unsafe(`
      do $$
      declare remaining numeric := ${budget}; rank integer := 0; candidate record;
      begin
        for candidate in
          select lien_id, cost, deal_score from tax_liens.deal_metrics
           where deal_score is not null and expected_yield >= ${minYield} and ltv <= ${maxLtv} and risk_score <= ${maxRiskScore}
           order by deal_score desc, lien_id
        loop
          continue when candidate.cost > remaining;
          remaining := remaining - candidate.cost;
          rank := rank + 1;
          insert into tax_liens.deals (analysis_run_id, lien_id, rank, score, cost, metrics, status_at, created_at)
          values ('00000000-0000-7000-8000-000000000000', candidate.lien_id, rank, candidate.deal_score, candidate.cost, '{}', now(), now());
          exit when remaining <= 0;
        end loop;
      end $$`);
  }),
);
await sql.end();
console.log(JSON.stringify({ ...cost, peakMiB: peakMiB() }));
