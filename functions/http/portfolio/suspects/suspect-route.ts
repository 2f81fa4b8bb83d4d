import { z } from "zod";
import type { Tx } from "#data/client.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { lockSuspectPoint } from "#data/portfolio/suspect-points.ts";
import type { SuspectPoint } from "#data/portfolio/suspect-schema.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { retryPendingEtfValuations } from "../../../portfolio/retry-pending-etf-valuations.ts";
import { auditReason } from "../../audit-reason.ts";
import { suspectSchema, suspectView } from "./suspect-view.ts";

/** A changed point, and the audit of the change beside what names the point. */
interface SuspectChange {
  readonly point: SuspectPoint;
  readonly action: string;
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
}

interface Changing {
  readonly summary: string;
  /**
   * Changes the decision about a locked point.
   * @returns undefined when it is as wanted already, so that the route is idempotent
   * @throws Problem 409 when that is not possible
   */
  readonly change: (
    tx: Tx,
    point: SuspectPoint,
    by: { readonly reason: string; readonly caller: string; readonly at: Date },
  ) => Promise<SuspectChange | undefined>;
}

/** A route that changes the decision about a point with a reason: audited, and followed by a valuation. */
export function suspectRoute(verb: string, { summary, change }: Changing) {
  return defineRoute({
    method: "POST",
    path: `api/v1/suspect-points/{id}/${verb}`,
    access: "key",
    summary,
    params: z.strictObject({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
    body: z.strictObject({ reason: auditReason }),
    response: suspectSchema,
    async handle({ app, params: { id }, body: { reason }, caller }) {
      const at = app.clock.now();
      const { point, run } = await app.db.transaction(async (tx) => {
        const found = await lockSuspectPoint(tx, id);
        if (!found) throw notFound(`there is no suspect point ${id}`);
        const changed = await change(tx, found, { reason, caller, at });
        if (!changed) return { point: found, run: null };
        const { point, action, after } = changed;
        const { kind, subject: of, date, value } = found;
        const before = { kind, of, date, value, ...changed.before };
        await recordAudit(tx, { at, who: caller, action, subject: `suspect-point:${id}`, reason, before, after });
        const valuation = { input: {}, trigger: "event", requestedBy: caller } as const;
        return { point, run: await app.enqueuer.enqueueIn(tx, retryPendingEtfValuations, valuation) };
      });
      if (run?.state === "queued") await app.enqueuer.dispatch([run]);
      return { json: suspectView(point) };
    },
  });
}
