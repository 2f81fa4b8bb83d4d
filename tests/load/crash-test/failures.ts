import { setTimeout as sleep } from "node:timers/promises";
import { LEASE_MS, type LoadEnvironment } from "../environment/load-environment.ts";
import type { AppPair } from "./app-pair.ts";

export interface InjectedFailure {
  /** The name in the report. */
  readonly name: string;
  /** The share of this failure in percent. */
  readonly share: number;
  inject(scene: Scene): Promise<void>;
}

interface Scene {
  readonly environment: LoadEnvironment;
  readonly pair: AppPair;
  /** Which of the two processes it hits. */
  readonly which: number;
}

/** Failures of an installation. Only SIGTERM gives a warning. */
const failures: readonly InjectedFailure[] = [
  { name: "kill -9 of an app process", share: 56, inject: ({ pair, which }) => killApp(pair, which) },
  {
    name: "kill -9 of both app processes",
    share: 8,
    inject: async ({ pair }) => {
      await Promise.all([killApp(pair, 0), killApp(pair, 1)]);
    },
  },
  { name: "kill -9 of PostgreSQL", share: 12, inject: ({ environment }) => environment.killDatabase() },
  { name: "kill -9 of the broker", share: 8, inject: ({ environment }) => environment.killBroker() },
  {
    name: "an app process frozen past its leases",
    share: 8,
    inject: async ({ pair, which }) => {
      pair.app(which).freeze();
      await sleep(LEASE_MS * 1.5);
      pair.app(which).thaw();
    },
  },
  {
    name: "SIGTERM to an app process",
    share: 8,
    inject: async ({ pair, which }) => {
      await pair.app(which).stop();
      pair.replace(which);
    },
  },
];

/** @param random a number from 0 to 1 */
export function choose(random: number): InjectedFailure {
  let left = random * failures.reduce((sum, { share }) => sum + share, 0);
  return failures.find(({ share }) => (left -= share) < 0) ?? failures[0]!;
}

async function killApp(pair: AppPair, which: number): Promise<void> {
  await pair.app(which).kill();
  pair.replace(which);
}
