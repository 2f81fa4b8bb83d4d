import { readFileSync } from "node:fs";

/**
 * Loaded into a process before its app (`--import`). It adds the shift in the file of SHIFTED_CLOCK to the time of day,
 * `<milliseconds> <drift in ms a second>`, and follows changes of the file. The monotonic clock stays as it is.
 */
const file = process.env.SHIFTED_CLOCK!;
const RealDate = Date;
let text = "";
let shift = { ms: 0, driftPerSecond: 0, since: performance.now() };

function follow(): void {
  const now = readFileSync(file, "utf8").trim();
  if (now === text || now === "") return;
  text = now;
  const [ms = 0, driftPerSecond = 0] = now.split(" ").map(Number);
  shift = { ms, driftPerSecond, since: performance.now() };
}
follow();
setInterval(follow, 20).unref();

function shiftedNow(): number {
  const { ms, driftPerSecond, since } = shift;
  return Math.floor(RealDate.now() + ms + (driftPerSecond * (performance.now() - since)) / 1_000);
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [shiftedNow()] : given, newTarget) as Date,
  apply: () => new RealDate(shiftedNow()).toString(),
  get: (target, name) => (name === "now" ? shiftedNow : (Reflect.get(target, name) as unknown)),
});
