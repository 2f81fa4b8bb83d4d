-- The planned wall time of a recurring task, from which the next one follows. Null for tasks of earlier versions, also
-- of those that run during the deployment: their due date and anchors give it when they are completed or changed.
ALTER TABLE tasks.tasks ADD COLUMN recurrence_position timestamp(0);
