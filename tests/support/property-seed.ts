import fc from "fast-check";

// Where a red run means that nothing lands, the same cases are drawn each time; everywhere else new ones are.
if (process.env.CI) fc.configureGlobal({ seed: 20_261_122 });
