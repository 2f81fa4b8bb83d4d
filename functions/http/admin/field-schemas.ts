import { z } from "zod";

/** An instant as JSON has it. */
export const instant = z.iso.datetime().describe("ISO 8601 in UTC");

/** Fields that their family names. */
export const fields = z.record(z.string(), z.unknown());
