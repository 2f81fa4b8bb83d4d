import { z } from "zod";

/** An instant in JSON. */
export const instant = z.iso.datetime().describe("ISO 8601 in UTC");

/** An object whose fields depend on the job. */
export const fields = z.record(z.string(), z.unknown());
