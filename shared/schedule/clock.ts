/** Where "now" comes from. Everything that decides is handed an instant; only the edges ask the clock. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
