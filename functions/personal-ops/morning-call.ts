import type { Tx } from "#data/client.ts";
import { newestStates } from "#data/platform/notification-queries.ts";
import { comms, daysBefore, defineJob, type JobContext, linear, quietHours, schedule, z } from "#jobs";
import { configuredChannels } from "#notifications/channels.ts";
import { DeliveryError } from "#notifications/deliver.ts";
import { MORNING_CALL_TYPE, MORNING_REPORT_TYPE } from "#notifications/notification.ts";
import { notify } from "#notifications/notify.ts";
import { deliverInRun, failInRun, type InRun, startInRun } from "#notifications/send-in-run.ts";
import { oneLine } from "#rules/personal-ops/one-line.ts";
import { type Speech, speech } from "#rules/personal-ops/speech.ts";
import { CALL_PERIOD_MS, factsBefore } from "#services/personal-ops/daily-report.ts";
import { personalOps } from "../families.ts";

/** Days in a row without a call after which the person is alerted. */
const ALERT_AFTER = 3;

interface Morning extends Speech {
  readonly day: string;
  readonly recipient: string;
}

/**
 * Calls the person once a local day and reads the night out; when no call can be placed, sends the same report as a
 * chat message. Running twice is safe: the call is a notification with a dedupe key per day, and a call that may have
 * been placed is never placed again.
 */
export const morningCall = defineJob({
  id: "morning_call",
  family: personalOps,
  summary: "Call the person and report the night",
  on: schedule("0 0 6 * * *", "America/Chicago"),
  input: z.strictObject({}),
  retry: linear({ retries: 1, delay: "2m" }),
  // Only SEV0 and SEV1 reach a person in quiet hours: they end at six, or there is no call.
  gates: [comms, quietHours],
  missed: "once",
  // Later it is no morning call; the digest follows anyway.
  maxLateness: "1h",

  async run(context) {
    const { db, settings, asOf } = context;
    const recipient = settings.PERSONAL_OPS_RECIPIENT;
    const channels = configuredChannels(settings);
    if (!channels.has("voice") && !channels.has("chatbot")) {
      return {
        call: "not placed",
        reason: "neither voice (TWILIO_ACCOUNT_SID) nor chatbot (TELEGRAM_BOT_TOKEN) is configured",
      };
    }
    const zone = settings.PERSONAL_OPS_TIME_ZONE;
    const facts = await factsBefore(db, { asOf, periodMs: CALL_PERIOD_MS, zone });
    const morning: Morning = { ...speech(facts), day: facts.day, recipient };
    const call = await context.transaction((tx) => startCall(context, tx, morning));
    const { stored, claimed, isOwn } = call;
    const report = { day: facts.day, notification: stored.id, words: morning.words };
    if (!claimed && !(isOwn && stored.state === "suppressed")) {
      return { ...report, call: isOwn ? "placed" : "had one today" };
    }
    const reason = claimed ? (await deliverInRun(context, claimed))?.message : (stored.reason ?? "suppressed");
    if (reason === undefined) return { ...report, call: "placed" };
    const text = await context.transaction((tx) => writeInstead(context, tx, { morning, call, reason }));
    // A recipient outside the allow-list is no failure; one who should have been reached and was not is one.
    if (claimed && text === "suppressed") throw new DeliveryError(`${reason}; no chat message instead`, "validation");
    return { ...report, call: "not placed", reason, text };
  },
});

type Context = JobContext<unknown>;

function startCall(context: Context, tx: Tx, { recipient, day, script }: Morning): Promise<InRun> {
  return startInRun(context, tx, {
    recipient,
    type: MORNING_CALL_TYPE,
    severity: "INFO",
    title: `Morning call, ${day}`,
    body: script,
    data: { day, script },
    channels: ["voice"],
    dedupeKey: `morning_call:${day}`,
  });
}

/** Ends the call, sends its report as a chat message, and alerts when too many calls in a row failed. */
async function writeInstead(
  context: Context,
  tx: Tx,
  { morning: { recipient, day, script }, call, reason }: { morning: Morning; call: InRun; reason: string },
): Promise<string> {
  const { claimed, stored } = call;
  if (claimed) await failInRun(context, tx, { id: stored.id, reason });
  const { created, duplicates, suppressed } = await notify(context, tx, [
    {
      recipient,
      type: MORNING_REPORT_TYPE,
      // Not silent, as the call would not have been.
      severity: "WARN",
      title: `Morning report, ${day}`,
      body: `No call could be placed: ${oneLine(reason)}\n\n${script}`,
      channels: ["chatbot"],
      dedupeKey: `morning_call_text:${day}`,
    },
  ]);
  if (claimed) await alertWhenFailing(context, tx, { recipient, day });
  return duplicates ? "had one today" : created && suppressed ? "suppressed" : "pending";
}

async function alertWhenFailing(
  context: Context,
  tx: Tx,
  { recipient, day }: Pick<Morning, "recipient" | "day">,
): Promise<void> {
  const since = daysBefore(context.asOf, 30);
  const states = await newestStates(tx, { recipient, type: MORNING_CALL_TYPE, since, limit: ALERT_AFTER });
  if (states.length < ALERT_AFTER || states.some((state) => state !== "failed")) return;
  await notify(context, tx, [
    {
      recipient,
      type: "personal_ops.alert",
      severity: "WARN",
      title: `The morning call has failed ${ALERT_AFTER} times in a row`,
      body: "GET api/notifications lists the calls with their reasons.",
      dedupeKey: `morning_call_failing:${day}`,
    },
  ]);
}
