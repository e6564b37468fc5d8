// Builds the board of a watch from the messages of `WatchContest`.

import { positionOf, rankedUser } from "./decoding.js";
import {
  type ContestRules,
  Order,
  RankStyle,
  type WatchContestResponse,
  WatchScope,
} from "./gen/leaderboard/v1/leaderboard_pb.js";
import type { Position, RankedUser } from "./model.js";

/**
 * A stream does not continue from the position of the board; the next one begins with a snapshot.
 */
export class MissedChangesError extends Error {
  override readonly name = "MissedChangesError";
}

/**
 * The board of a watched contest at its position, built from the messages of all streams of a
 * watch.
 *
 * With the scope TOP the rows are the first `limit` rows. With ALL they are as many of these as are
 * certain: the service does not send the row that moves up from below the limit when a user drops
 * out. With both, the place and the rank of a row that only shifted follow from the rows above it.
 * With USERS they are the watched users in the order of their scores, each with the place and rank
 * at the user's own last change; of equal scores the better place is first, and of equal places the
 * last change.
 */
export class LiveBoard {
  readonly #scope: WatchScope;
  readonly #limit: number;
  /** The rules of the contest; they hold until the next snapshot. */
  #rules: ContestRules | undefined;
  #users: readonly RankedUser[] = [];
  #total: number | undefined;
  #season: number | undefined;
  #position: Position | undefined;

  /**
   * @param scope The scope of the watch.
   * @param limit The number of first rows that the board holds, from 1.
   */
  constructor(scope: WatchScope, limit: number) {
    this.#scope = scope || WatchScope.TOP;
    this.#limit = limit;
  }

  /** The position of the board; undefined before the first message. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** The rows, best first. */
  get rows(): readonly RankedUser[] {
    return this.#scope === WatchScope.USERS ? this.#users : numbered(this.#users, this.#rules);
  }

  /**
   * The number of users in the contest, if it is certain: always with the scope ALL; after a
   * snapshot and after changes; and with TOP while there are fewer users than the limit.
   */
  get totalUsers(): number | undefined {
    return this.#total;
  }

  /**
   * The number of the season; 0 while the contest does not exist, undefined before the first
   * message.
   */
  get season(): number | undefined {
    return this.#season;
  }

  /**
   * Advances the board to the position of the next message.
   *
   * @throws MissedChangesError if changes between the two are missing. The board is left unchanged.
   */
  apply(message: WatchContestResponse): void {
    const position = positionOf(message.position);
    if (message.event.case === "snapshot") {
      const { users, totalUsers, rules, season } = message.event.value;
      this.#rules = rules;
      this.#users = users.map(rankedUser);
      this.#total = totalUsers;
      this.#season = season;
    } else {
      this.#checkContinues(message.previousRevision, position);
      const changes = message.event.case === "changes" ? message.event.value : undefined;
      let users = this.#users;
      for (const { user, removed } of changes?.changes ?? []) {
        const others = users.filter((each) => each.userId !== user?.userId);
        users = removed ? others : this.#place(rankedUser(user), others);
      }
      this.#users = users;
      this.#total = changes?.totalUsers ?? this.#count(position);
      // A contest that begins while it is watched is in its first season.
      this.#season ||= position.epoch ? 1 : 0;
    }
    this.#position = position;
  }

  #checkContinues(after: bigint, next: Position): void {
    const held = this.#position;
    if (!held) {
      throw new MissedChangesError("the stream does not begin with a snapshot");
    }
    if (after !== held.revision) {
      throw new MissedChangesError(
        `the stream continues after revision ${after}, the board is at ${held.revision}`,
      );
    }
    if (held.epoch && next.epoch !== held.epoch) {
      throw new MissedChangesError("the epoch of the contest has changed");
    }
    if (next.revision < held.revision) {
      throw new MissedChangesError(
        `the stream goes back to revision ${next.revision}, the board is at ${held.revision}`,
      );
    }
  }

  /** Returns rows, which lack the user's, with that row at its place; changes what is given. */
  #place(user: RankedUser, users: RankedUser[]): readonly RankedUser[] {
    const { place } = user;
    if (this.#scope === WatchScope.USERS) {
      users.unshift(user);
      // Scores are certain; the place of another row may have changed since.
      const sign = this.#rules?.order === Order.LOWEST_FIRST ? 1 : -1;
      return users.sort((one, other) => {
        const better = one.score < other.score ? -sign : sign;
        return one.score === other.score ? one.place - other.place : better;
      });
    }
    if (place >= 1 && place <= Math.min(this.#limit, users.length + 1)) {
      users.splice(place - 1, 0, user);
      return users.slice(0, this.#limit);
    }
    if (place <= this.#limit && this.#scope === WatchScope.TOP) {
      throw new MissedChangesError(
        `a change has place ${place}, the board has ${users.length} rows`,
      );
    }
    return users;
  }

  /** Returns the number of users at the next position after no change in the scope, if known. */
  #count(next: Position): number | undefined {
    const held = this.#position;
    const isSame = next.epoch === held?.epoch && next.revision === held.revision;
    if (this.#scope === WatchScope.ALL || isSame) {
      return this.#total;
    }
    const fewer = this.#scope === WatchScope.TOP && this.#users.length < this.#limit;
    return fewer ? this.#users.length : undefined;
  }
}

/** Returns the first rows of a contest with their present places and ranks. */
function numbered(
  users: readonly RankedUser[],
  rules: ContestRules | undefined,
): readonly RankedUser[] {
  const style = rules?.rankStyle;
  const isShared = style === RankStyle.COMPETITION || style === RankStyle.DENSE;
  let rank = 0;
  return users.map((user, index) => {
    const place = index + 1;
    if (!isShared || user.score !== users[index - 1]?.score) {
      rank = style === RankStyle.DENSE ? rank + 1 : place;
    }
    return { ...user, place, rank };
  });
}
