import type { DemoApi, DemoData } from "./demo-data.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Tasks of two people for the three jobs of the family: tasks that are due soon, late, done or recurring. */
export const tasksDemo: DemoData = {
  family: "tasks",
  async load(api) {
    const at = (ms: number) => new Date(api.now.getTime() + ms).toISOString();
    for (const { reminders = [], isDone = false, dueIn, ...task } of SAMPLES) {
      const { id } = await create(api, { ...task, ...(dueIn !== undefined && { dueDate: at(dueIn) }) });
      for (const remindIn of reminders) {
        await api.post(`api/tasks/${id}/reminders`, { remindAt: at(remindIn) }, keyOf(task.title, remindIn));
      }
      if (isDone) await api.post(`api/tasks/${id}/complete`, {});
    }
    // Reminders are sent each minute; the other two jobs run now instead of after a quarter of an hour.
    for (const job of ["process_recurring_tasks", "scan_overdue_tasks"]) {
      await api.post(`api/admin/jobs/${job}/run`, {}, keyOf(job));
    }
    const reminders = SAMPLES.flatMap((sample) => sample.reminders ?? []);
    return `${SAMPLES.length} tasks, ${reminders.length} reminders; the first is due within a minute`;
  },
};

async function create(
  api: DemoApi,
  task: Readonly<Record<string, unknown>> & { title: string },
): Promise<{ id: string }> {
  return api.post("api/tasks", task, keyOf(task.title));
}

function keyOf(...parts: readonly (string | number)[]): string {
  return ["demo", ...parts].join(":").replaceAll(" ", "-");
}

interface Sample {
  readonly owner: string;
  readonly title: string;
  readonly priority?: "low" | "medium" | "high" | "urgent";
  readonly tags?: readonly string[];
  readonly timeZone?: string;
  readonly recurrenceType?: "daily" | "weekly" | "monthly" | "yearly";
  readonly recurrenceRule?: string;
  /** Milliseconds from the start; negative for a late task. */
  readonly dueIn?: number;
  readonly reminders?: readonly number[];
  readonly isDone?: boolean;
}

const ada = { owner: "user:ada", timeZone: "Europe/Berlin" };
const grace = { owner: "user:grace", timeZone: "America/New_York" };

const SAMPLES: readonly Sample[] = [
  { ...ada, title: "Join the stand-up", dueIn: 2 * MINUTE_MS, reminders: [30_000, MINUTE_MS] },
  {
    ...ada,
    title: "Water the plants",
    recurrenceType: "daily",
    dueIn: -MINUTE_MS,
    reminders: [-2 * MINUTE_MS],
    isDone: true,
  },
  { ...ada, title: "Pay the rent", priority: "high", recurrenceType: "monthly", dueIn: -40 * DAY_MS, isDone: true },
  {
    ...ada,
    title: "File the tax return",
    priority: "urgent",
    tags: ["money"],
    dueIn: -3 * DAY_MS,
    reminders: [-DAY_MS],
  },
  {
    ...grace,
    title: "Review the roster",
    recurrenceRule: "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYHOUR=9;BYMINUTE=0",
    dueIn: -DAY_MS,
    isDone: true,
  },
  { ...grace, title: "Renew the certificate", priority: "high", dueIn: 5 * MINUTE_MS, reminders: [2 * MINUTE_MS] },
  { ...grace, title: "Plan the offsite", tags: ["team"], dueIn: 14 * DAY_MS, reminders: [7 * DAY_MS] },
  { owner: "user:grace", title: "Read the operating guide", priority: "low" },
];
