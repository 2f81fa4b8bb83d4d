import { utcIso } from "../time-format.ts";
import type { TimeMachineProgress } from "./run-time-machine.ts";

const REDRAW_MS = 100;
/** Without a terminal, a line is printed this often. */
const LINE_MS = 10_000;

/** Shows the simulated time on stderr, so that stdout contains only the result. */
export function progressLine(stream: NodeJS.WriteStream): {
  show: (progress: TimeMachineProgress) => void;
  end: () => void;
} {
  let last = Date.now();
  return {
    show({ now, share }) {
      if (Date.now() - last < (stream.isTTY ? REDRAW_MS : LINE_MS)) return;
      last = Date.now();
      const text = `${Math.floor(share() * 100)} %  ${utcIso(now)}`;
      stream.write(stream.isTTY ? `\r${text}\u001b[K` : `${text}\n`);
    },
    end() {
      if (stream.isTTY) stream.write("\r\u001b[K");
    },
  };
}
