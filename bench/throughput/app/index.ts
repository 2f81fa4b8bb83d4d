import { benchJob } from "./jobs/bench-job.ts";

/** The app of the benchmark, built as the real one is. */
export const jobs = [benchJob];
export const routes = [];
