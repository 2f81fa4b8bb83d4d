import fc from "fast-check";

// CI uses a fixed seed, so that a failure is reproducible; elsewhere each run draws new cases.
if (process.env.CI) fc.configureGlobal({ seed: 20_261_122 });
