import { describe, expect, test } from "vitest";
import { commands } from "#cli/commands.ts";
import { rota } from "./rota.ts";

describe("help", () => {
  test.each([[[]], [["help"]], [["--help"]], [["-h"]], [["help", "help"]]])("%j lists every command", async (args) => {
    const { code, stdout, stderr } = await rota(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.split("\n").map((line) => line.trim().replace(/ {2,}/, "  "));
    for (const [name, { summary }] of Object.entries(commands)) expect(lines).toContain(`${name}  ${summary}`);
    expect(stdout).toContain("ROTA_KEY");
  });

  test.each(Object.keys(commands))("%s has the same help by --help and by help, and valid examples", async (name) => {
    const [asOption, asCommand] = await Promise.all([rota([name, "--help"]), rota(["help", name])]);
    expect(asOption).toEqual(asCommand);
    expect(asOption).toMatchObject({ code: 0, stderr: "" });
    expect(asOption.stdout).toContain(`Usage:  npm run rota -- ${name}`);
    const command = await commands[name]?.load();
    for (const example of command?.examples ?? []) expect(example.split(" ")[0]).toBe(name);
  });

  test("--help takes precedence over invalid options", async () => {
    expect(await rota(["run", "--nonsense", "--help"])).toMatchObject({ code: 0, stderr: "" });
  });

  test("help fits 100 columns, except for examples, which are one line to copy", async () => {
    const pages = await Promise.all([rota(["help"]), ...Object.keys(commands).map((name) => rota([name, "--help"]))]);
    for (const { stdout } of pages) {
      const prose = stdout.split("\n").filter((line) => !line.startsWith("  npm run rota -- "));
      expect(widest(prose.join("\n"))).toBeLessThanOrEqual(100);
    }
  });
});

describe("a usage error ends with exit code 2 and one sentence", () => {
  test.each([
    [["jbos"], 'There is no command "jbos"; did you mean jobs?'],
    [["hepl"], 'There is no command "hepl"; did you mean help?'],
    [["help", "shwo"], 'There is no command "shwo"; did you mean show?'],
    [["tidy"], 'There is no command "tidy"; npm run rota -- help lists all commands.'],
    [["constructor"], 'There is no command "constructor"; npm run rota -- help lists all commands.'],
    [["runs", "--limt", "3"], "runs: unknown option --limt; did you mean --limit?"],
    [["runs", "--colour"], "runs: unknown option --colour; npm run rota -- runs --help lists the options."],
    [["runs", "-l", "3"], "runs: unknown option -l; npm run rota -- runs --help lists the options."],
    [["jobs", "--toString"], "jobs: unknown option --toString; npm run rota -- jobs --help lists the options."],
    [["runs", "--job"], "runs: --job needs a value: --job <id>."],
    [["runs", "--job", "--json"], "runs: --job needs a value: --job <id>."],
    [["runs", "--job="], "runs: --job needs a value: --job <id>."],
    [["runs", "--job", "a", "--job", "b"], "runs: --job is given twice."],
    [["runs", "--json=yes"], 'runs: --json takes no value, got "yes".'],
    [["runs", "--limit", "0"], 'runs: --limit: expected a whole number from 1 to 500, got "0".'],
    [["runs", "--limit", "-3"], 'runs: --limit: expected a whole number from 1 to 500, got "-3".'],
    [
      ["runs", "--state", "failed"],
      'runs: --state: expected one of queued, running, succeeded, retrying, dead, skipped, cancelled, got "failed".',
    ],
    [["jobs", "portfolio"], "jobs: expected no arguments, got 1 argument."],
    [["show"], "show: <run> is missing; usage: npm run rota -- show <run> [--json]"],
    [["run"], "run: <job> is missing; usage: npm run rota -- run <job> [<json>] [--wait [<seconds>]] [--json]"],
    [["run", "a", "{}", "{}"], "run: expected only <job> and <json>, got 3 arguments: put the JSON in single quotes."],
    [["run", "a", "{}", "--wait", "0"], 'run: --wait: expected a whole number from 1 to 86400, got "0".'],
    [
      ["show", "12"],
      'show: <run>: expected a run id such as 01993c1e-7d2a-7c31-9f0e-3b1c5a7e9d42, got "12"; npm run rota -- runs lists the runs.',
    ],
  ])("%j", async (args, sentence) => {
    expect(await rota(args)).toEqual({ code: 2, stdout: "", stderr: `${sentence}\n` });
  });
});

function widest(text: string): number {
  return Math.max(...text.split("\n").map((line) => line.length));
}
