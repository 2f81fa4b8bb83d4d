import { expect, it } from "vitest";
import { checkZoneName } from "#schedule/zone-name.ts";

function faultOf(name: string): string | undefined {
  let fault: string | undefined;
  checkZoneName(name, (found) => (fault = found));
  return fault;
}

it.each(["CET", "eet", "UTC"])("%s has one meaning", (name) => {
  const faults: string[] = [];
  checkZoneName(name, (fault) => faults.push(fault));
  expect(faults).toEqual([]);
});

it.each(["BST", "bst", "EST", "CST", "IST", "AET", "PST"])(
  "the abbreviation %s is refused: it has several meanings",
  (name) => {
    expect(faultOf(name)).toContain(`expected an IANA time zone such as "Europe/Berlin" or "UTC", got "${name}"`);
  },
);

it.each(["UTC", "GMT", "Europe/London", "America/New_York", "Asia/Dhaka", "Etc/GMT+5", "ROK"])(
  "%s is accepted",
  (name) => {
    expect(faultOf(name)).toBeUndefined();
  },
);
