// The state of a watch over all its streams: its board and its last update.

import { clone, create } from "@bufbuild/protobuf";

import { nameOf, scoreChange } from "./decoding.js";
import {
  type Changes,
  EndReason,
  PositionSchema,
  SnapshotReason as Reason,
  type WatchContestRequest,
  WatchContestRequestSchema,
  type WatchContestResponse,
} from "./gen/leaderboard/v1/leaderboard_pb.js";
import { LiveBoard, MissedChangesError } from "./live-board.js";
import type { RankedUser, ScoreChange } from "./model.js";
import { StreamLostError, type WatchState, type WatchUpdate } from "./watch-update.js";

/** The number of rows that a watch holds if its request sets no limit. */
const DEFAULT_LIMIT = 10;

/** The states of a watch after the ends of streams that no other stream follows. */
const FINAL_STATES: Partial<Record<EndReason, WatchState>> = {
  [EndReason.CONTEST_OVER]: "OVER",
  [EndReason.CONTEST_DELETED]: "DELETED",
};

/** The state of a watch over all its streams. */
export class WatchSession {
  readonly #request: WatchContestRequest;
  #board: LiveBoard;
  #update: WatchUpdate;

  constructor(request: WatchContestRequest) {
    this.#request = request;
    this.#board = emptyBoard(request);
    this.#update = {
      state: "CONNECTING",
      rows: [],
      totalUsers: undefined,
      position: undefined,
      season: undefined,
      changes: [],
      snapshotReason: undefined,
      message: undefined,
      trouble: undefined,
    };
  }

  /** The last update. */
  get update(): WatchUpdate {
    return this.#update;
  }

  /** Whether the watch has ended, with its contest. */
  get isOver(): boolean {
    return Object.values(FINAL_STATES).includes(this.#update.state);
  }

  /** Returns the request of the next stream, which resumes after the board's position. */
  nextRequest(): WatchContestRequest {
    const request = clone(WatchContestRequestSchema, this.#request);
    const { position } = this.#board;
    if (position) {
      request.resumeAfter = create(PositionSchema, position);
    }
    return request;
  }

  /**
   * Applies the next message of a stream, and returns the update that results.
   *
   * @throws MissedChangesError if the message does not continue from the board's position.
   */
  apply(message: WatchContestResponse): WatchUpdate {
    const before = this.#update.rows;
    const after = stateAfter(message);
    // No stream follows a deletion, so it is final also where the board lacks the last changes.
    if (after.state !== "DELETED") {
      this.#board.apply(message);
    }
    const { event } = message;
    this.#update = {
      ...(after.state === "DELETED" ? this.#update : this.#shown()),
      ...after,
      changes: event.case === "changes" ? newChanges(event.value, before) : [],
      snapshotReason: event.case === "snapshot" ? nameOf(Reason, event.value.reason) : undefined,
      message,
    };
    return this.#update;
  }

  /** Returns the update that follows when a stream, or an attempt to open one, failed. */
  lose(trouble: Error): WatchUpdate {
    if (trouble instanceof MissedChangesError) {
      // The rows shown are right at their position, but later changes must not be applied to them.
      this.#board = emptyBoard(this.#request);
    }
    this.#update = {
      ...this.#update,
      state: this.#update.state === "CONNECTING" ? "CONNECTING" : "RECONNECTING",
      changes: [],
      snapshotReason: undefined,
      message: undefined,
      trouble,
    };
    return this.#update;
  }

  #shown(): Pick<WatchUpdate, "rows" | "totalUsers" | "position" | "season"> {
    const { rows, totalUsers, position, season } = this.#board;
    return { rows, totalUsers, position, season };
  }
}

function emptyBoard({ scope, limit }: WatchContestRequest): LiveBoard {
  return new LiveBoard(scope, limit || DEFAULT_LIMIT);
}

function stateAfter({ event }: WatchContestResponse): Pick<WatchUpdate, "state" | "trouble"> {
  if (event.case !== "end") {
    return { state: "LIVE", trouble: undefined };
  }
  const final = FINAL_STATES[event.value.reason];
  if (final) {
    return { state: final, trouble: undefined };
  }
  const isDraining = event.value.reason === EndReason.DRAINING;
  const why = isDraining ? "the server is shutting down" : "the server ended the watch";
  return { state: "RECONNECTING", trouble: new StreamLostError(why) };
}

/**
 * Returns the changes without those that a resumed stream of the scope TOP repeats: rows that the
 * board held already, and removals of rows that it did not hold.
 */
function newChanges({ changes }: Changes, before: readonly RankedUser[]): ScoreChange[] {
  const held = new Set(before.map((row) => row.userId));
  return changes.map(scoreChange).filter(({ user, previousRank, removed }) => {
    const isHeld = removed ? held.delete(user.userId) : held.has(user.userId);
    return previousRank > 0 || isHeld === removed;
  });
}
