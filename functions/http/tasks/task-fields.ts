import { z } from "zod";

/** The fields of a task that people write, besides those that are also shown or filtered by (`task-view.ts`). */
export const title = z.string().trim().min(1, "expected a title").max(300);
export const description = z.string().max(20_000);
export const tags = z.array(z.string().trim().min(1).max(100)).max(50);
export const timeZone = z.string().max(100);
export const recurrenceInterval = z.int().min(1, "expected a whole number from 1 on").max(1_000);
export const recurrenceRule = z.string().max(1_000);
