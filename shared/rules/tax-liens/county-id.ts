import { z } from "zod";

/** The id of a county: lower-case words with hyphens, at most 64 characters. */
export const countyIdText = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "expected a county's id such as coconino-az");
