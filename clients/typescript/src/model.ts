// Plain objects that callers pass and get, with 64-bit numbers as bigint.

import type { LeaderboardError } from "./errors.js";

/** A user's row on the board at some position. */
export interface RankedUser {
  /** The user. */
  readonly userId: string;
  /** The score, from -2^53 to 2^53. */
  readonly score: bigint;
  /** The rank, from 1: the place, or the same for equal scores if the contest shares ranks. */
  readonly rank: number;
  /** The number of the row in the order of the contest, from 1. */
  readonly place: number;
  /** The user's human-readable name; empty if none was given. */
  readonly displayName: string;
  /** Data that are shown with the user, such as a country; empty if there are none. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A point in the history of one contest. */
export interface Position {
  /** The name of one history of the contest, such as a season; empty before the first update. */
  readonly epoch: string;
  /** The number of changes applied to the contest. */
  readonly revision: bigint;
}

/** A time with the precision of the service. */
export interface Instant {
  /** The seconds since 1970, in UTC. */
  readonly seconds: bigint;
  /** The nanoseconds of that second, from 0 to 999,999,999. */
  readonly nanos: number;
}

/**
 * How points are applied: added to the score, replacing it, or replacing it if they are better by
 * the order of the contest.
 */
export type UpdateMode = "INCREMENT" | "SET" | "BEST";

/** A change of one user's score. */
export interface ScoreUpdate {
  /** The contest. The first update creates it, unless the server leaves that to `createContest`. */
  readonly contestId: string;
  /** The user. The first update creates the user. */
  readonly userId: string;
  /** Applied to the score by the mode, from -2^53 to 2^53; a number must be a safe integer. */
  readonly points: bigint | number;
  /** How the points are applied. Default: as the rules of the contest say. */
  readonly mode?: UpdateMode | undefined;
  /** Identifies this write within its contest, so that it counts once. Default: a random id. */
  readonly requestId?: string | undefined;
  /** What happened, such as `goal`; watchers receive it. */
  readonly eventType?: string | undefined;
  /** When it happened; watchers receive it. */
  readonly eventTime?: Date | Instant | undefined;
  /** The user's human-readable name. Default: the present name is kept. */
  readonly displayName?: string | undefined;
  /** Whether the user's name is removed; `displayName` must not be set then. Default: false. */
  readonly clearDisplayName?: boolean | undefined;
  /**
   * Data that are shown with the user, such as a country. They are merged into those of the user in
   * this contest; an empty value removes an attribute. At most 8, with 256 bytes in all.
   */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /**
   * The number of the season that the write is for: one that is not the current season is refused.
   * Default: the current season.
   */
  readonly season?: number | undefined;
}

/** The outcome of an update. */
export interface UpdateResult {
  /** The user right after this update; the rank and place of a hidden user are 0. */
  readonly user: RankedUser;
  /** The score right before this update; 0 for a new user. */
  readonly previousScore: bigint;
  /** The rank right before this update; 0 for a new or a hidden user. */
  readonly previousRank: number;
  /** The place right before this update; 0 for a new or a hidden user. */
  readonly previousPlace: number;
  /** Whether the update changed something. */
  readonly applied: boolean;
  /** Whether the same request id was received before: this is the first result again. */
  readonly replayed: boolean;
  /** The position of the contest right after this update. */
  readonly position: Position;
}

/** The outcome of one update of a batch. */
export type BatchResult =
  | { readonly ok: true; readonly result: UpdateResult }
  | { readonly ok: false; readonly error: LeaderboardError };

/** Consecutive rows of a contest. */
export interface TopUsers {
  /** The users, best first. */
  readonly users: readonly RankedUser[];
  /** The number of users in the season. */
  readonly totalUsers: number;
  /** The position of this state. */
  readonly position: Position;
}

/** The rank of one user. */
export interface UserRank {
  /** The user. */
  readonly user: RankedUser;
  /** The users right above and below, best first, without the user. */
  readonly neighbors: readonly RankedUser[];
  /** The rows around the user, best first, with the user; empty unless they were requested. */
  readonly around: readonly RankedUser[];
  /** The number of users in the season. */
  readonly totalUsers: number;
  /** The share of the other users with a worse rank, in percent; 100 for a single user. */
  readonly percentile: number;
  /** The position of this state. */
  readonly position: Position;
}

/** The ranks of several users, all of one state. */
export interface UserRanks {
  /** The users that have a score, best first. */
  readonly users: readonly RankedUser[];
  /** The users without a score, in the order of the request. */
  readonly missingUserIds: readonly string[];
  /** The number of users in the season. */
  readonly totalUsers: number;
  /** The position of this state. */
  readonly position: Position;
}

/** The rank of a score. */
export interface ScoreRank {
  /** The rank that a user who reached the score now would have, from 1. */
  readonly rank: number;
  /** The place that this user would have, from 1: one more than there are rows before it. */
  readonly place: number;
  /** The rows around the score, best first; empty unless they were requested. */
  readonly around: readonly RankedUser[];
  /** The number of users in the season. */
  readonly totalUsers: number;
  /** The position of this state. */
  readonly position: Position;
}

/** A change of one user's row. */
export interface ScoreChange {
  /** The user after the change; nothing but its id if the row was removed. */
  readonly user: RankedUser;
  /** Whether the row left the board: the user was removed, hidden or erased. */
  readonly removed: boolean;
  /**
   * The rank before the change; 0 for a new user, one that returns to the board, or one that moves
   * up into the watched rows.
   */
  readonly previousRank: number;
  /** The place before the change; 0 where `previousRank` is 0. */
  readonly previousPlace: number;
  /** The difference between the new and the old score; 0 if the row left or returned. */
  readonly points: bigint;
  /** What happened, as set in the update; empty if it was not set. */
  readonly eventType: string;
  /** When it happened, as set in the update, to the millisecond. */
  readonly eventTime: Date | undefined;
}
