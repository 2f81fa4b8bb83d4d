CREATE INDEX "audit_log_by_action" ON "platform"."audit_log" USING btree ("action","id");
CREATE INDEX "audit_log_by_time" ON "platform"."audit_log" USING btree ("at","id");
CREATE INDEX "backfills_by_job" ON "platform"."backfills" USING btree ("job_id","id");
CREATE INDEX "dead_messages_open" ON "platform"."dead_messages" USING btree ("id") WHERE resolved_at is null;
CREATE INDEX "job_runs_not_executed" ON "platform"."job_runs" USING btree ("state","id") WHERE state in ('skipped', 'cancelled');
CREATE INDEX "tasks_by_series" ON "tasks"."tasks" USING btree ("series_id","id") WHERE series_id is not null and deleted_at is null;
CREATE INDEX "tasks_by_status" ON "tasks"."tasks" USING btree ("status","id") WHERE deleted_at is null;
CREATE INDEX "tasks_by_due_date" ON "tasks"."tasks" USING btree ("due_date","id") WHERE due_date is not null and deleted_at is null;
CREATE INDEX "tasks_by_tag" ON "tasks"."tasks" USING gin ("tags") WHERE deleted_at is null;