import { spawn, type StdioOptions } from "node:child_process";

/** The system user that runs a program. Without `uid`: the user of this process. */
export interface Account {
  name: string;
  uid?: number;
  gid?: number;
}

export interface ProgramResult {
  /** The exit code; null when a signal ended the program. */
  code: number | null;
  /** What it wrote to stdout and stderr, in the order of arrival. */
  output: string;
}

export interface RunOptions {
  account: Account;
  cwd: string;
  stdio?: StdioOptions;
}

/**
 * Runs a program to its end, detached from the terminal: a Ctrl-C does not reach it. Its locale is C, so that its
 * output can be parsed.
 *
 * @throws Error when the program cannot be started
 */
export function runProgram(program: string, args: string[], options: RunOptions): Promise<ProgramResult> {
  const { account, cwd, stdio = ["ignore", "pipe", "pipe"] } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, LC_ALL: "C" },
      stdio,
      windowsHide: true,
      detached: process.platform !== "win32",
      ...(account.uid === undefined ? {} : { uid: account.uid }),
      ...(account.gid === undefined ? {} : { gid: account.gid }),
    });
    let output = "";
    const collect = (chunk: Buffer) => (output += chunk.toString());
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, output: output.trim() });
    });
  });
}
