/** The source of "now". Code that decides gets an instant as an argument; only the outermost code reads the clock. */
export interface Clock {
  now(): Date;
  /**
   * Whether a test or the time machine moves it: slots are then compared with it instead of the database's clock.
   * Default false.
   */
  readonly isSimulated?: boolean;
}
