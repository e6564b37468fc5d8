// The board that a watcher holds: built from the messages of `WatchContest`, one by one.

import { positionOf, rankedUser } from "./converting.js";
import {
  type ScoreChange,
  type WatchContestResponse,
  WatchScope,
} from "./gen/leaderboard/v1/leaderboard_pb.js";
import type { Position, RankedUser } from "./model.js";

/** The stream does not go on from where the board stands; the watch begins anew. */
export class MissedChangesError extends Error {
  override readonly name = "MissedChangesError";
}

/**
 * The state of a watched contest as of `position`.
 *
 * It lives as long as its watch and across its streams. With the scope TOP the rows are the first
 * `limit` ranks. With ALL they are as many of the first `limit` ranks as are known for certain: the
 * service does not tell who moves up from below when a user falls out. With USERS they are the
 * watched users, each with the rank as of the user's own last change.
 */
export class LiveBoard {
  readonly #scope: WatchScope;
  readonly #limit: number;
  #users: readonly RankedUser[] = [];
  #total: number | undefined;
  #position: Position | undefined;

  /**
   * @param scope The scope that the watch asks for.
   * @param limit How many of the first ranks the watch asks for, from 1.
   */
  constructor(scope: WatchScope, limit: number) {
    this.#scope = scope || WatchScope.TOP;
    this.#limit = limit;
  }

  /** The position up to which the board knows everything; none before the first message. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** The rows, best first. */
  get rows(): readonly RankedUser[] {
    if (this.#scope === WatchScope.USERS) {
      return this.#users;
    }
    return this.#users.map((user, index) => ({ ...user, rank: index + 1 }));
  }

  /**
   * How many users the contest has, where that is known for certain. With the scope ALL it always
   * is; with TOP as of a snapshot, and while the users are fewer than the limit; with USERS as of a
   * snapshot alone.
   */
  get totalUsers(): number | undefined {
    return this.#total;
  }

  /**
   * Moves the board to the position of the next message.
   *
   * @throws MissedChangesError if something between the board and the message is missing. The board
   * stays as it was.
   */
  apply(message: WatchContestResponse): void {
    const position = positionOf(message.position);
    if (message.event.case === "snapshot") {
      this.#users = message.event.value.users.map(rankedUser);
      this.#total = message.event.value.totalUsers;
    } else {
      this.#checkContinues(message.previousRevision, position);
      const changes = message.event.case === "changes" ? message.event.value.changes : [];
      let users = this.#users;
      for (const change of changes) {
        users = this.#placed(rankedUser(change.user), users);
      }
      this.#users = users;
      this.#total = this.#counted(changes, position);
    }
    this.#position = position;
  }

  #checkContinues(after: bigint, now: Position): void {
    const held = this.#position;
    if (!held) {
      throw new MissedChangesError("the stream does not begin with a snapshot");
    }
    if (after !== held.revision) {
      throw new MissedChangesError(
        `the stream goes on after revision ${after}, the board is at ${held.revision}`,
      );
    }
    if (held.epoch && now.epoch !== held.epoch) {
      throw new MissedChangesError("the history of the contest is another one");
    }
    if (now.revision < held.revision) {
      throw new MissedChangesError(
        `the stream goes back to revision ${now.revision}, the board is at ${held.revision}`,
      );
    }
  }

  /** Returns the rows with the user's row at its place. */
  #placed(user: RankedUser, held: readonly RankedUser[]): readonly RankedUser[] {
    const users = held.filter((each) => each.userId !== user.userId);
    if (this.#scope === WatchScope.USERS) {
      users.push(user);
      return users.sort(byScore);
    }
    if (user.rank <= Math.min(this.#limit, users.length + 1)) {
      users.splice(user.rank - 1, 0, user);
      return users.slice(0, this.#limit);
    }
    if (user.rank <= this.#limit && this.#scope === WatchScope.TOP) {
      throw new MissedChangesError(
        `the stream tells of rank ${user.rank}, the board has ${users.length} rows`,
      );
    }
    return users;
  }

  /** Returns how many users the contest has after changes, as far as that is known. */
  #counted(changes: readonly ScoreChange[], now: Position): number | undefined {
    const held = this.#position;
    if (now.epoch === held?.epoch && now.revision === held.revision) {
      return this.#total;
    }
    if (this.#scope === WatchScope.ALL && this.#total !== undefined) {
      return this.#total + changes.filter((change) => !change.previousRank).length;
    }
    const fewer = this.#scope === WatchScope.TOP && this.#users.length < this.#limit;
    return fewer ? this.#users.length : undefined;
  }
}

function byScore(one: RankedUser, other: RankedUser): number {
  return one.score === other.score ? one.rank - other.rank : one.score < other.score ? 1 : -1;
}
