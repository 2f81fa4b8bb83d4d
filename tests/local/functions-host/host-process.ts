/** A process with one Functions host, controlled by messages: `@azure/functions` keeps its state in the process. */
import { startFunctionsHost } from "#local/functions-host/functions-host.ts";
import { HostStartupError } from "#local/functions-host/startup-error.ts";
import type { Command, HostOrder, Report } from "./host-harness.ts";
import { manualClock } from "./manual-clock.ts";

const order = JSON.parse(process.argv[2] ?? "") as HostOrder;
const clock = order.now === undefined ? undefined : manualClock(order.now);
const tell = (report: Report) => process.send?.(report);

try {
  const host = await startFunctionsHost({
    appDirectory: order.appDirectory,
    stateDirectory: order.stateDirectory,
    port: order.port,
    hostKey: order.hostKey,
    settings: order.settings,
    log: (entry) => tell({ kind: "log", entry: { ...entry, at: entry.at.toISOString() } }),
    ...(clock ? { clock } : {}),
  });
  tell({ kind: "started", address: host.address.href, functions: [...host.functions] });
  const execute = async (command: Command): Promise<void> => {
    if (command.do === "moveTo") clock?.moveTo(new Date(command.time));
    else if (command.do === "invokeTimer") await host.invokeTimer(command.name);
    else await host.stop({ graceMs: command.graceMs });
  };
  process.on("message", (command: Command) => {
    void execute(command)
      .then(
        () => tell({ kind: "done", id: command.id }),
        (error: unknown) => tell({ kind: "done", id: command.id, error: String(error) }),
      )
      // After this, only open resources of the host could keep the process alive.
      .then(() => {
        if (command.do === "stop") process.disconnect();
      });
  });
} catch (error) {
  const reasons = error instanceof HostStartupError ? [...error.reasons] : [];
  tell({ kind: "failed", name: (error as Error).name, message: (error as Error).message, reasons });
  process.disconnect();
}
