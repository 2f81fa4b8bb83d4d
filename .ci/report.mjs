// Reads a vitest report: the first line is "passed failed", each line after it names what failed and why.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const firstLine = (text) => text?.split("\n", 1)[0] ?? "";
const failures = report.testResults.flatMap((file) => {
  const name = file.name.replace(/^.*\/(?=tests\/)/, "");
  const failed = file.assertionResults.filter(({ status }) => status === "failed");
  // A suite that could not be loaded, or whose hook failed, may hold no failed test.
  if (failed.length === 0) return file.status === "failed" ? [`${name}: ${firstLine(file.message)}`] : [];
  return failed.map((test) => `${name} > ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
});
console.log([`${report.numPassedTests} ${failures.length}`, ...failures].join("\n"));
