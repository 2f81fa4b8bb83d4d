/** The current time of the benchmark. */
export const AS_OF = "2026-03-10T12:00:00.000Z";

/** One bulk change: its seed data, the job that does it, and the bare statement with the same effect. */
export interface Case {
  readonly what: string;
  readonly jobId: "dispatch_reminders" | "process_recurring_tasks" | "scan_overdue_tasks";
  readonly settings: Readonly<Record<string, string>>;
  /** @param rows the number of rows in the table */
  readonly seed: (rows: number) => readonly string[];
  /** The number of changed rows. */
  readonly changed: (rows: number) => number;
  /** The same change in plain SQL. */
  readonly bare: string;
}

const INSERT_TASKS = `insert into tasks.tasks (id, owner, title, due_date, time_zone, status, completed_at, is_recurring, recurrence_type, created_at)`;
const at = `timestamptz '${AS_OF}'`;

/** What `notify` stores for a recipient with in-app notices only: one row per key, with its final state. */
const notified = (
  from: string,
  { type, key, channels, words, deferred }: Record<"type" | "key" | "channels" | "words" | "deferred", string>,
) => `
  made as (
    insert into platform.notifications (id, family, recipient, channels, severity, type, title, body, data, dedupe_key, state,
      created_at, settled_at, deferred_at)
    select uuidv7(), 'tasks', owner, ${channels}, 'INFO', '${type}', title,
           '${words} ' || to_char(due_date at time zone time_zone, 'YYYY-MM-DD HH24:MI ') || time_zone,
           jsonb_build_object('taskId', task_id), ${key}, 'sent', ${at}, ${at}, ${deferred} from ${from}
    on conflict (recipient, dedupe_key) where dedupe_key is not null do nothing
    returning id, channels
  )
  insert into platform.notification_deliveries (notification_id, channel, attempt, state, reason, started_at, ended_at)
  select id, channel, 0, case channel when 'web' then 'sent' else 'suppressed' end,
         case channel when 'web' then null else 'channel not configured' end, ${at}, ${at}
    from made, unnest(channels) as channel`;

const overdueSeed = (rows: number) => [
  `${INSERT_TASKS} select uuidv7(), 'user:' || n % 1000, 'Task ' || n, ${at} + (n % 10 * 2 - 1) * interval '1 h', 'Europe/Berlin',
     'open', null, false, null, '2026-01-01' from generate_series(1, ${rows}) n`,
];
const markOverdue = `update tasks.tasks set status = 'overdue'
   where status = 'open' and due_date is not null and deleted_at is null and due_date < ${at}`;

export const CASES: Readonly<Record<string, Case>> = {
  reminders: {
    what: "due reminders, notified through two channels",
    jobId: "dispatch_reminders",
    settings: {},
    seed: (rows) => [
      `${INSERT_TASKS} select uuidv7(), 'user:' || n, 'Task ' || n, ${at}, 'Europe/Berlin', 'open', null, false, null, '2026-01-01'
         from generate_series(1, 1000) n`,
      `insert into tasks.reminders (task_id, remind_at)
       select t.id, ${at} - n * interval '1 s' from generate_series(1, ${rows}) n
         join (select id, row_number() over () - 1 as place from tasks.tasks) t on t.place = n % 1000`,
    ],
    changed: (rows) => rows,
    bare: `with sent as (
      update tasks.reminders r set sent = true, sent_at = ${at} from tasks.tasks t
       where t.id = r.task_id and not r.sent and r.remind_at <= ${at}
      returning r.id, t.id as task_id, t.owner, t.title, t.due_date, t.time_zone, r.channels,
                t.deleted_at is null and not t.completed as is_wanted),
      ${notified("sent where is_wanted", {
        type: "task.reminder",
        key: "'reminder:' || id",
        channels: "channels",
        words: "Due",
        deferred: "null",
      })}`,
  },
  recurring: {
    what: "completed recurring tasks, followed by the next",
    jobId: "process_recurring_tasks",
    settings: {},
    seed: (rows) => [
      `${INSERT_TASKS} select uuidv7(), 'user:' || n % 1000, 'Task ' || n, ${at} - n % 28 * interval '1 day', 'Europe/Berlin',
         'completed', ${at} - n * interval '1 s', true, (array['daily','weekly','monthly'])[n % 3 + 1], '2026-01-01'
         from generate_series(1, ${rows}) n`,
      `insert into tasks.reminders (task_id, remind_at, sent, sent_at)
       select id, due_date - interval '1 h', true, due_date from tasks.tasks`,
    ],
    changed: (rows) => rows,
    bare: `with done as materialized (
        select * from tasks.tasks where is_recurring and status = 'completed' and due_date is not null
           and last_processed_at is null and deleted_at is null),
      made as (
        insert into tasks.tasks (id, owner, title, description, priority, tags, due_date, time_zone, is_recurring, recurrence_type,
          recurrence_interval, recurrence_rule, recurrence_until, recurrence_anchor_day, recurrence_anchor_time, series_id,
          series_number, generated_from_id, created_at)
        select uuidv7(), owner, title, description, priority, tags, due_date + case recurrence_type when 'daily' then interval '1 day'
          when 'weekly' then interval '7 days' else interval '1 month' end, time_zone, true, recurrence_type, recurrence_interval,
          recurrence_rule, recurrence_until, extract(day from due_date), due_date::time, coalesce(series_id, id), series_number + 1,
          id, ${at} from done
        on conflict (generated_from_id) do nothing returning id, generated_from_id, due_date),
      reminded as (
        insert into tasks.reminders (task_id, remind_at, channels)
        select made.id, r.remind_at + (made.due_date - done.due_date), r.channels from made
          join done on done.id = made.generated_from_id join tasks.reminders r on r.task_id = done.id)
      update tasks.tasks t set last_processed_at = ${at} from done where done.id = t.id`,
  },
  overdue: {
    what: "tasks scanned, a tenth of them overdue",
    jobId: "scan_overdue_tasks",
    settings: { TASKS_NOTIFY_OVERDUE: "false" },
    seed: overdueSeed,
    changed: (rows) => rows / 10,
    bare: markOverdue,
  },
  "overdue, notified": {
    what: "the same, with notifications of their owners",
    jobId: "scan_overdue_tasks",
    settings: {},
    seed: overdueSeed,
    changed: (rows) => rows / 10,
    bare: `with late as (${markOverdue} returning id as task_id, owner, 'Overdue: ' || title as title, due_date, time_zone),
      ${notified("late", {
        type: "task.overdue",
        key: "'overdue:' || task_id || ':' || due_date",
        channels: "array['web']",
        words: "It was due",
        deferred: at,
      })}`,
  },
};
