import { utcIso } from "../time-format.ts";
import type { TravelProgress } from "./run-time-machine.ts";

const REDRAW_MS = 100;
/** What is not a terminal gets a line this often. */
const LINE_MS = 10_000;

/** Shows on stderr what time it has become, so that stdout holds the result alone. */
export function progressLine(stream: NodeJS.WriteStream): {
  show: (progress: TravelProgress) => void;
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
