import type { Config } from "#settings/config.ts";

/** A group of jobs that belong to one business system. Its schema in the database has the same name. */
export interface Family {
  readonly id: string;
  readonly title: string;
  /** The setting that replaces the time zone of the family's schedules. Default: none. A job may name another. */
  readonly zoneSetting?: ZoneSetting;
}

/** A setting whose value is a time zone. */
export type ZoneSetting = Extract<keyof Config, `${string}_TIME_ZONE`>;
