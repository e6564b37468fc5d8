// How a watch has gone so far: its board, over all its streams, and what is told of it.

import { clone, create } from "@bufbuild/protobuf";

import { scoreChange } from "./converting.js";
import {
  EndReason,
  PositionSchema,
  SnapshotReason as Reason,
  type ScoreChange,
  type WatchContestRequest,
  WatchContestRequestSchema,
  type WatchContestResponse,
} from "./gen/leaderboard/v1/leaderboard_pb.js";
import { LiveBoard, MissedChangesError } from "./live-board.js";
import type { RankedUser } from "./model.js";
import {
  type SnapshotReason,
  StreamLostError,
  type WatchState,
  type WatchUpdate,
} from "./watch-update.js";

/** How many ranks a watch holds when its request does not say. */
const DEFAULT_LIMIT = 10;

/** How a watch has gone so far, over all its streams. */
export class WatchCourse {
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

  /** Returns what the next stream asks for. */
  request(): WatchContestRequest {
    const request = clone(WatchContestRequestSchema, this.#request);
    const { position } = this.#board;
    if (position) {
      request.resumeAfter = create(PositionSchema, position);
    }
    return request;
  }

  /**
   * Applies the next message of a stream, and returns the update that it leads to.
   *
   * @throws MissedChangesError if it does not go on from where the board stands.
   */
  take(message: WatchContestResponse): WatchUpdate {
    const before = this.#update.rows;
    this.#board.apply(message);
    const { event } = message;
    this.#update = {
      ...after(message),
      rows: this.#board.rows,
      totalUsers: this.#board.totalUsers,
      position: this.#board.position,
      changes: event.case === "changes" ? news(event.value.changes, before).map(scoreChange) : [],
      snapshotReason: event.case === "snapshot" ? nameOf(event.value.reason) : undefined,
      message,
    };
    return this.#update;
  }

  /** Returns the update that the stream, or an attempt to open one, ended with trouble. */
  lose(trouble: Error): WatchUpdate {
    if (trouble instanceof MissedChangesError) {
      // What is shown was right at its position. What comes next must not build on it.
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
}

function emptyBoard({ scope, limit }: WatchContestRequest): LiveBoard {
  return new LiveBoard(scope, limit || DEFAULT_LIMIT);
}

function after({ event }: WatchContestResponse): { state: WatchState; trouble: Error | undefined } {
  if (event.case !== "end") {
    return { state: "LIVE", trouble: undefined };
  }
  if (event.value.reason === EndReason.CONTEST_OVER) {
    return { state: "OVER", trouble: undefined };
  }
  const drains = event.value.reason === EndReason.DRAINING;
  const why = drains ? "the server is shutting down" : "the server ended the watch";
  return { state: "RECONNECTING", trouble: new StreamLostError(why) };
}

/** Leaves out the rows that a resumed stream of the scope TOP tells again. */
function news(changes: readonly ScoreChange[], before: readonly RankedUser[]): ScoreChange[] {
  const held = new Set(before.map((row) => row.userId));
  return changes.filter((change) => change.previousRank || !held.has(change.user?.userId ?? ""));
}

function nameOf(reason: Reason): SnapshotReason {
  return (Reason[reason] ?? "UNSPECIFIED") as SnapshotReason;
}
