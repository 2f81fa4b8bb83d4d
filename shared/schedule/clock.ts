/** The source of "now". Code that decides gets an instant as an argument; only the outermost code reads the clock. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
