-- Tasks, some of which recur, and their reminders.
CREATE SCHEMA tasks;

-- A completed task that recurs gets one successor: `generated_from_id` is unique.
CREATE TABLE tasks.tasks (
  id uuid PRIMARY KEY,
  owner text NOT NULL,
  title text NOT NULL,
  description text DEFAULT '' NOT NULL,
  priority text DEFAULT 'medium' NOT NULL,
  tags text[] DEFAULT '{}' NOT NULL,
  due_date timestamptz(3),
  time_zone text,
  status text DEFAULT 'open' NOT NULL,
  completed boolean GENERATED ALWAYS AS (status = 'completed') STORED NOT NULL,
  completed_at timestamptz(3),
  is_recurring boolean DEFAULT false NOT NULL,
  recurrence_type text,
  recurrence_interval integer DEFAULT 1 NOT NULL,
  recurrence_rule text,
  recurrence_until timestamptz(3),
  recurrence_anchor_day smallint,
  recurrence_anchor_time time,
  series_id uuid,
  series_number integer DEFAULT 1 NOT NULL,
  generated_from_id uuid,
  last_processed_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  deleted_at timestamptz(3),
  CONSTRAINT tasks_owner CHECK (owner ~ '^[^[:space:]]{1,200}$'),
  CONSTRAINT tasks_has_title CHECK (title <> ''),
  CONSTRAINT tasks_priority CHECK (priority in ('low', 'medium', 'high', 'urgent')),
  CONSTRAINT tasks_status CHECK (status in ('open', 'completed', 'overdue')),
  CONSTRAINT tasks_completed_has_time CHECK ((status = 'completed') = (completed_at is not null)),
  CONSTRAINT tasks_due_date_has_zone CHECK (due_date is null or time_zone is not null),
  CONSTRAINT tasks_overdue_has_due_date CHECK (status <> 'overdue' or due_date is not null),
  CONSTRAINT tasks_recurrence_has_rule CHECK (
    not is_recurring or recurrence_type is not null or recurrence_rule is not null
  ),
  CONSTRAINT tasks_recurrence_type CHECK (recurrence_type in ('daily', 'weekly', 'monthly', 'yearly')),
  CONSTRAINT tasks_recurrence_interval CHECK (recurrence_interval >= 1),
  CONSTRAINT tasks_recurrence_anchor_day CHECK (recurrence_anchor_day between 1 and 31),
  CONSTRAINT tasks_series_number CHECK (series_number >= 1),
  CONSTRAINT tasks_generated_from_id_tasks_id_fk FOREIGN KEY (generated_from_id)
    REFERENCES tasks.tasks (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX tasks_one_successor ON tasks.tasks (generated_from_id);
CREATE INDEX tasks_by_owner ON tasks.tasks (owner, id);
CREATE INDEX tasks_without_successor ON tasks.tasks (completed_at, id)
  WHERE is_recurring and status = 'completed' and due_date is not null and last_processed_at is null and deleted_at is null;
CREATE INDEX tasks_open_by_due_date ON tasks.tasks (due_date, id)
  WHERE status = 'open' and due_date is not null and deleted_at is null;
CREATE INDEX tasks_overdue_by_due_date ON tasks.tasks (due_date, id) WHERE status = 'overdue' and deleted_at is null;

-- The moments at which an owner wants to be notified of a task.
CREATE TABLE tasks.reminders (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  task_id uuid NOT NULL,
  remind_at timestamptz(3) NOT NULL,
  channels text[] DEFAULT '{web, chatbot}' NOT NULL,
  sent boolean DEFAULT false NOT NULL,
  sent_at timestamptz(3),
  CONSTRAINT reminders_sent_has_time CHECK (sent = (sent_at is not null)),
  CONSTRAINT reminders_channels CHECK (
    cardinality(channels) > 0 and channels <@ array['web', 'email', 'push', 'chatbot', 'sms', 'voice', 'webhook']
  ),
  CONSTRAINT reminders_task_id_tasks_id_fk FOREIGN KEY (task_id) REFERENCES tasks.tasks (id) ON DELETE CASCADE
);
CREATE INDEX reminders_of_task ON tasks.reminders (task_id);
CREATE INDEX reminders_unsent ON tasks.reminders (remind_at, id) WHERE not sent;
