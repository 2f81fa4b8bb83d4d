import type { DemoData } from "./demo-data.ts";

const PERSON = "user:owner";
const ADDRESSES = [
  { channel: "chatbot", address: "4711" },
  { channel: "voice", address: "+15005550009" },
  { channel: "sms", address: "+15005550009" },
] as const;

/** The person of personal operations, on the allow-list, and a digest and a call of today. */
export const personalOpsDemo: DemoData = {
  family: "personal operations",
  async load(api) {
    for (const entry of ADDRESSES) await api.post("api/notifications/allow-list", { recipient: PERSON, ...entry });
    const day = api.now.toISOString().slice(0, "2026-12-01".length);
    for (const job of ["daily_digest", "morning_call"]) {
      await api.post(`api/admin/jobs/${job}/run?wait=30`, {}, `demo:${job}-${day}`);
    }
    return `a digest and a morning call of ${PERSON}, through fake servers of Telegram and Twilio`;
  },
};
