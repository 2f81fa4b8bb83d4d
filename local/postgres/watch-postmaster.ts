import { isPostmasterRunning, type PostmasterFiles } from "./postmaster.ts";

const CHECK_EVERY_MS = 1_000;

/**
 * Calls `onEnd` once when the postmaster has ended. It is no child of this process, so the process table is checked
 * every second.
 * @returns ends the watch
 */
export function watchPostmaster(site: PostmasterFiles, pid: number, onEnd: () => Promise<void>): () => void {
  let isWatching = true;
  const timer = setInterval(() => {
    void isPostmasterRunning(site, pid).then(async (isRunning) => {
      if (isRunning || !isWatching) return;
      end();
      await onEnd();
    });
  }, CHECK_EVERY_MS);
  timer.unref();
  const end = () => {
    isWatching = false;
    clearInterval(timer);
  };
  return end;
}
