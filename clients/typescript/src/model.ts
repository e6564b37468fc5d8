// What callers give and get: plain objects, with 64-bit numbers as bigint.

import type { LeaderboardError } from "./errors.js";

/** A user as ranked at some position. */
export interface RankedUser {
  /** The user. */
  readonly userId: string;
  /** The score, from -2^53 to 2^53. */
  readonly score: bigint;
  /** The rank, from 1. */
  readonly rank: number;
  /** The user's name for people; empty if none was given. */
  readonly displayName: string;
}

/** A point in the history of one contest. */
export interface Position {
  /** Names one history of the contest; empty before the first update. */
  readonly epoch: string;
  /** How many changes were applied to the contest. */
  readonly revision: bigint;
}

/** A moment as exact as the service keeps it. */
export interface Instant {
  /** The seconds since 1970, in UTC. */
  readonly seconds: bigint;
  /** The nanoseconds of that second, from 0 to 999,999,999. */
  readonly nanos: number;
}

/** How points are applied: added to the score, in its place, or in its place if they are higher. */
export type UpdateMode = "INCREMENT" | "SET" | "BEST";

/** A change of one user's score. */
export interface ScoreUpdate {
  /** The contest. The first write creates it. */
  readonly contestId: string;
  /** The user. The first write creates it. */
  readonly userId: string;
  /** What the mode does with the score, from -2^53 to 2^53; a number has to be a safe integer. */
  readonly points: bigint | number;
  /** How the points are applied. Default: `INCREMENT`. */
  readonly mode?: UpdateMode | undefined;
  /** Names this write within its contest, so that it counts once. Default: a random one. */
  readonly requestId?: string | undefined;
  /** What happened, such as `goal`; told to watchers. */
  readonly eventType?: string | undefined;
  /** When it happened; told to watchers. */
  readonly eventTime?: Date | Instant | undefined;
  /** The user's name for people. Default: the present name stays. */
  readonly displayName?: string | undefined;
}

/** What an update led to. */
export interface UpdateResult {
  /** The user right after this update. */
  readonly user: RankedUser;
  /** The score right before this update; 0 for a new user. */
  readonly previousScore: bigint;
  /** The rank right before this update; 0 for a new user. */
  readonly previousRank: number;
  /** Whether the update changed something. */
  readonly applied: boolean;
  /** Whether this is the first answer to the same request id, given again. */
  readonly replayed: boolean;
  /** The position of the contest right after this update. */
  readonly position: Position;
}

/** The outcome of one update of a batch. */
export type BatchResult =
  | { readonly ok: true; readonly result: UpdateResult }
  | { readonly ok: false; readonly error: LeaderboardError };

/** Consecutive ranks of a contest. */
export interface TopUsers {
  /** The users, best first. */
  readonly users: readonly RankedUser[];
  /** How many users the contest has. */
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
  /** How many users the contest has. */
  readonly totalUsers: number;
  /** The share of the other users who are ranked below, in percent; 100 for a single user. */
  readonly percentile: number;
  /** The position of this state. */
  readonly position: Position;
}

/** A change of one user's row, as a watch tells it. */
export interface ScoreChange {
  /** The user after the change. */
  readonly user: RankedUser;
  /** The rank before the change; 0 for a new user or one that moves up into the watched ranks. */
  readonly previousRank: number;
  /** By how much the score changed. */
  readonly points: bigint;
  /** What happened, as the update said; empty if it did not say. */
  readonly eventType: string;
  /** When it happened, as the update said, to the millisecond. */
  readonly eventTime: Date | undefined;
}
