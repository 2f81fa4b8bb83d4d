import { setTimeout as sleep } from "node:timers/promises";
import { LEASE_MS, type Stage } from "../environment/load-environment.ts";
import type { Pair } from "./app-pair.ts";

export interface Disturbance {
  /** As the report names it. */
  readonly name: string;
  /** How many of a hundred are of this kind. */
  readonly share: number;
  befall(scene: Scene): Promise<void>;
}

interface Scene {
  readonly stage: Stage;
  readonly pair: Pair;
  /** Which of the two processes it hits. */
  readonly which: number;
}

/** What befalls an installation; nobody is warned but where SIGTERM is the warning. */
const disturbances: readonly Disturbance[] = [
  { name: "kill -9 of an app process", share: 56, befall: ({ pair, which }) => killApp(pair, which) },
  {
    name: "kill -9 of both app processes",
    share: 8,
    befall: async ({ pair }) => {
      await Promise.all([killApp(pair, 0), killApp(pair, 1)]);
    },
  },
  { name: "kill -9 of PostgreSQL", share: 12, befall: ({ stage }) => stage.killDatabase() },
  { name: "kill -9 of the broker", share: 8, befall: ({ stage }) => stage.killBroker() },
  {
    name: "an app process frozen past its leases",
    share: 8,
    befall: async ({ pair, which }) => {
      pair.app(which).freeze();
      await sleep(LEASE_MS * 1.5);
      pair.app(which).thaw();
    },
  },
  {
    name: "SIGTERM to an app process",
    share: 8,
    befall: async ({ pair, which }) => {
      await pair.app(which).stop();
      pair.replace(which);
    },
  },
];

/** @param dice a number from 0 to 1 */
export function choose(dice: number): Disturbance {
  let left = dice * disturbances.reduce((sum, { share }) => sum + share, 0);
  return disturbances.find(({ share }) => (left -= share) < 0) ?? disturbances[0]!;
}

async function killApp(pair: Pair, which: number): Promise<void> {
  await pair.app(which).kill();
  pair.replace(which);
}
