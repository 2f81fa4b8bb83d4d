import { expect, test } from "vitest";
import { Permissions } from "../src/permissions.ts";

test("unknown roles give no permission", () => {
  const permissions = new Permissions(["webpubsub.everything", "joinLeaveGroup", "webpubsub.joinLeaveGroups"]);
  expect(permissions.allows("joinLeaveGroup", "jobs")).toBe(false);
  expect(permissions.allows("sendToGroup", "jobs")).toBe(false);
});

test("a role gives its permission in its group, or in all groups", () => {
  const permissions = new Permissions(["webpubsub.joinLeaveGroup.jobs", "webpubsub.sendToGroup"]);
  expect(permissions.allows("joinLeaveGroup", "jobs")).toBe(true);
  expect(permissions.allows("joinLeaveGroup", "jobs2")).toBe(false);
  expect(permissions.allows("sendToGroup", "anything")).toBe(true);
});

test.each([
  { pattern: "chat-*", matches: ["chat-1", "chat-room", "chat-"], others: ["chat.1", "xchat-1", "chat-1.2"] },
  { pattern: "clientA.*", matches: ["clientA.alpha"], others: ["clientA.alpha.room1", "clientB.alpha"] },
  { pattern: "clientA.**", matches: ["clientA.alpha", "clientA.alpha.room1"], others: ["clientB.anything"] },
  { pattern: "rooms.?1", matches: ["rooms.a1", "rooms.11"], others: ["rooms.1", "rooms.a.1", "rooms.ab1"] },
  { pattern: String.raw`literal\*star`, matches: ["literal*star"], others: ["literalXstar"] },
  { pattern: "a+(b)[c]", matches: ["a+(b)[c]"], others: ["aab"] },
  { pattern: "??", matches: ["😀é"], others: ["😀"] },
  { pattern: "******", matches: [], others: ["anything"] },
])("the pattern $pattern matches as a wildcard, not as a regular expression", ({ pattern, matches, others }) => {
  const permissions = new Permissions([`webpubsub.joinLeaveGroups.${pattern}`]);
  expect(matches.filter((group) => !permissions.allows("joinLeaveGroup", group))).toEqual([]);
  expect(others.filter((group) => permissions.allows("joinLeaveGroup", group))).toEqual([]);
});

test("a revocation reverts the grant with the same arguments", () => {
  const permissions = new Permissions();
  permissions.grant("sendToGroup", undefined);
  permissions.revoke("sendToGroup", "jobs");
  expect(permissions.allows("sendToGroup", "jobs")).toBe(true);
  permissions.revoke("sendToGroup", undefined);
  expect(permissions.allows("sendToGroup", "jobs")).toBe(false);
});
