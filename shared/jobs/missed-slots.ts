/** What becomes of slots that passed while the app was down. */
export type Missed = "skip" | "once" | "all";
