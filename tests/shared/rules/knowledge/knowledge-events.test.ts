import { expect, it } from "vitest";
import { SYSTEM_CHANNEL } from "#notifications/notification-events.ts";
import { channelName, eventType } from "#realtime/live-event.ts";
import {
  KNOWLEDGE_EVENTS,
  knowledgeEvent,
  OPERATORS_CHANNEL,
  proposalsExpired,
} from "#rules/knowledge/knowledge-events.ts";

const RUN = "019f0000-0000-7000-8000-000000000001";
const EXPIRED = { topicsExpired: 1, atomsExpired: 2, totalExpired: 3, expirationDays: 30, runId: RUN };

it("has the channel of its type and the data that it was given", () => {
  const event = knowledgeEvent("proposals.expired", EXPIRED);
  expect(event).toEqual({ type: "proposals.expired", channel: "knowledge_proposals", data: EXPIRED });
  expect(proposalsExpired.parse(event.data)).toEqual(EXPIRED);
});

it("goes to the operators for an error of a job", () => {
  const data = {
    jobName: "auto_review_proposals",
    message: "no",
    context: { proposalId: 7 },
    severity: "error",
  } as const;
  expect(knowledgeEvent("job.error", data).channel).toBe(SYSTEM_CHANNEL);
  expect(OPERATORS_CHANNEL).toBe(SYSTEM_CHANNEL);
});

it.each(Object.entries(KNOWLEDGE_EVENTS))(
  "%s has a type and a channel that the service accepts",
  (type, { channel }) => {
    expect(eventType.parse(type)).toBe(type);
    expect(channelName.parse(channel)).toBe(channel);
  },
);
