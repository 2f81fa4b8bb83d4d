import { inWords } from "#schedule/duration.ts";
import { duration, type Setting, text, whole } from "./setting.ts";

/** Leases of runs and the retention of the ledger. */
export const JOB_LAYER_SETTINGS = {
  JOB_LEASE: duration("1s", "1d", {
    about: "Length of a run's lease. When no heartbeat renews it in time, the rescue job takes the run over.",
    fallback: "60s",
  }),
  JOB_HEARTBEAT: duration("50ms", "1h", {
    about: "Interval of the heartbeats that renew leases and ask the controls; at most a third of JOB_LEASE.",
    fallback: "10s",
  }),
  ROTA_INSTANCE: text({ about: "Names this process in leases and logs. Default: host name and process id." }),
  RUN_RETENTION_DAYS: whole(1, 36_500, {
    about:
      "Days after its end that a run stays in the ledger before it moves to the archive. Also for unreadable messages and backfills.",
    fallback: "90",
  }),
  AUDIT_RETENTION_DAYS: whole(30, 36_500, {
    about: "Days that an audit entry stays in the database before it moves to the archive.",
    fallback: "365",
  }),
  EFFECT_RETENTION_DAYS: whole(30, 36_500, {
    about: "Days that the outcome of an external effect is kept, so that no repeat makes the effect again.",
    fallback: "365",
  }),
} satisfies Record<string, Setting<unknown>>;

/** A lease must survive two lost heartbeats. */
export function leaseFaults({ JOB_LEASE, JOB_HEARTBEAT }: Readonly<Record<string, unknown>>): string[] {
  if (Number(JOB_HEARTBEAT) * 3 <= Number(JOB_LEASE)) return [];
  if (typeof JOB_LEASE !== "number" || typeof JOB_HEARTBEAT !== "number") return [];
  const [lease, heartbeat] = [inWords(JOB_LEASE), inWords(JOB_HEARTBEAT)];
  return [`JOB_HEARTBEAT: expected at most a third of JOB_LEASE, which is ${lease}, got ${heartbeat}`];
}
