// Plain objects of contests and their settings.

import type { Position, UpdateMode } from "./model.js";

/** Which scores are better. `UNSPECIFIED` is a value unknown to this client; it can't be sent. */
export type Order = "UNSPECIFIED" | "HIGHEST_FIRST" | "LOWEST_FIRST";

/**
 * Which of equal scores comes first. `UNSPECIFIED` is a value unknown to this client; it can't be
 * sent.
 */
export type TieBreak = "UNSPECIFIED" | "FIRST_REACHED" | "LAST_REACHED";

/**
 * How ranks are counted: scores 9, 7, 7, 5 have the ranks 1, 2, 3, 4 (`ORDINAL`), 1, 2, 2, 4
 * (`COMPETITION`) or 1, 2, 2, 3 (`DENSE`). `UNSPECIFIED` is a value unknown to this client; it
 * can't be sent.
 */
export type RankStyle = "UNSPECIFIED" | "ORDINAL" | "COMPETITION" | "DENSE";

/**
 * The state of a contest, by the clock of the store: before its start, open for writes, and from its
 * end on. `UNSPECIFIED` is a value unknown to this client; it can't be sent.
 */
export type ContestState = "UNSPECIFIED" | "SCHEDULED" | "OPEN" | "CLOSED";

/** The rules of a contest. */
export interface ContestRules {
  /** Which scores are better. Default: `HIGHEST_FIRST`. */
  readonly order: Order;
  /** Which of equal scores comes first. Default: `FIRST_REACHED`. */
  readonly tieBreak: TieBreak;
  /** Whether equal scores share a rank. Default: `ORDINAL`, they don't. */
  readonly rankStyle: RankStyle;
  /** The mode of updates that have none. Default: `INCREMENT`. */
  readonly defaultMode: UpdateMode | "UNSPECIFIED";
  /** The least score. Default: undefined, -2^53. */
  readonly minScore: bigint | undefined;
  /** The greatest score. Default: undefined, 2^53. */
  readonly maxScore: bigint | undefined;
  /** The most points that an update adds or takes away. Default: undefined, 2^53. */
  readonly maxPoints: bigint | undefined;
}

/** Rules to set: those that are given. A rule that is null gets its default. */
export type RuleSettings = {
  readonly [Rule in keyof ContestRules]?:
    | ContestRules[Rule]
    | (bigint extends ContestRules[Rule] ? number : never)
    | null
    | undefined;
};

/** The times at which the seasons of a contest end. */
export interface ResetSchedule {
  /**
   * A cron expression of five fields: minute, hour, day of the month, month and day of the week,
   * such as `0 0 * * MON`.
   */
  readonly cron: string;
  /** The time zone of these times, by its name in the IANA database, such as `Europe/Berlin`. */
  readonly timeZone: string;
}

/** A schedule to set. */
export interface ResetScheduleSettings {
  /** The cron expression, as in `ResetSchedule`. */
  readonly cron: string;
  /** The time zone. Default: `UTC`. */
  readonly timeZone?: string | undefined;
}

/** Settings of a contest to set: those that are given. A setting that is null gets its default. */
export interface ContestSettings {
  /** The name of the contest as people read it. Default: empty, none. */
  readonly displayName?: string | null | undefined;
  /** The rules. Default: each rule has its default. */
  readonly rules?: RuleSettings | null | undefined;
  /** When the contest opens. Default: it is open from the beginning. */
  readonly startsAt?: Date | null | undefined;
  /** When the contest closes; a later time opens it again. Default: it does not close. */
  readonly endsAt?: Date | null | undefined;
  /**
   * The milliseconds after its end, or without one after its last write, until the contest is
   * deleted by itself; from 1,000, and then up to a minute is added. Default: it is kept.
   */
  readonly expireAfterMs?: number | null | undefined;
  /**
   * When a season ends and the next one begins; a season without a write does not end by it.
   * Default: none, only `resetContest` ends a season.
   */
  readonly resetSchedule?: ResetScheduleSettings | null | undefined;
  /** How many seasons are kept when they are over, from 0 to 1,000. Default: 10. */
  readonly keepSeasons?: number | null | undefined;
}

/** A contest. */
export interface Contest {
  /** The id of the contest. */
  readonly contestId: string;
  /** The name of the contest as people read it; empty if it has none. */
  readonly displayName: string;
  /** The rules. */
  readonly rules: ContestRules;
  /** When the contest opens; undefined if it is open from the beginning. */
  readonly startsAt: Date | undefined;
  /** When the contest closes; undefined if it does not. */
  readonly endsAt: Date | undefined;
  /** The milliseconds until the contest is deleted by itself; undefined if it is kept. */
  readonly expireAfterMs: number | undefined;
  /** When seasons end; undefined if only `resetContest` ends them. */
  readonly resetSchedule: ResetSchedule | undefined;
  /** How many seasons are kept when they are over; undefined if it is not set, which keeps 10. */
  readonly keepSeasons: number | undefined;
  /** Whether the contest is open for writes. */
  readonly state: ContestState;
  /** The number of the current season, from 1. */
  readonly season: number;
  /** The number of users in the current season. */
  readonly totalUsers: number;
  /** The position of this state. */
  readonly position: Position;
  /** When the contest was created or began, by the clock of the store. */
  readonly createdAt: Date | undefined;
  /**
   * When the current season ends by the schedule, by the clock of the store; undefined without a
   * schedule, and where the contest closes before.
   */
  readonly nextResetAt: Date | undefined;
}

/** A season of a contest. */
export interface Season {
  /** The number of the season, from 1. */
  readonly number: number;
  /** When it began; undefined if an earlier version of the server began the contest. */
  readonly startedAt: Date | undefined;
  /** When it ended; undefined for the current season. */
  readonly endedAt: Date | undefined;
  /** The number of users in the season. */
  readonly totalUsers: number;
  /** The position of its latest change. */
  readonly position: Position;
}

/** Users of a contest that were removed, hidden or unhidden. */
export interface UsersChanged {
  /** The number of users that changed. A call that was retried may count none. */
  readonly count: number;
  /** The position right after it; without an epoch if the contest does not exist. */
  readonly position: Position;
}

/** A user that is hidden in a contest. */
export interface HiddenUser {
  /** The user. */
  readonly userId: string;
  /** The score; undefined for a user that has none yet. */
  readonly score: bigint | undefined;
  /** The user's human-readable name; empty if none was given. */
  readonly displayName: string;
  /** Data that are shown with the user, such as a country; empty if there are none. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A part of all contests from which a user was erased. */
export interface ErasedPart {
  /** The number of contests of this part that held the user. */
  readonly contestsChanged: number;
  /** Continues with the next part, also later; empty after the last one. */
  readonly nextPageToken: string;
}
