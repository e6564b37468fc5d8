// A contest in plain code, and the messages that a watcher of it is sent.

import { type MessageInitShape, create } from "@bufbuild/protobuf";

import {
  Order,
  RankStyle,
  type ScoreChangeSchema,
  TieBreak,
  type WatchContestResponse,
  WatchContestResponseSchema,
  WatchScope,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import type { RankedUser } from "../src/model.js";

export interface Rules {
  readonly order: Order;
  readonly tieBreak: TieBreak;
  readonly rankStyle: RankStyle;
}

/** Every combination of orders, ties and styles. */
export const ALL_RULES: readonly Rules[] = [Order.HIGHEST_FIRST, Order.LOWEST_FIRST].flatMap(
  (order) =>
    [TieBreak.FIRST_REACHED, TieBreak.LAST_REACHED].flatMap((tieBreak) =>
      [RankStyle.ORDINAL, RankStyle.COMPETITION, RankStyle.DENSE].map((rankStyle) => ({
        order,
        tieBreak,
        rankStyle,
      })),
    ),
);

type Change = MessageInitShape<typeof ScoreChangeSchema>;

interface Entry {
  readonly userId: string;
  readonly score: bigint;
  /** The revision at which the score was reached. */
  readonly reachedAt: number;
  /** The revision of the last change, shown as an attribute. */
  readonly changedAt: number;
}

/** A contest: each user's score, and when it was reached. */
export class PlainContest {
  readonly rules: Rules;
  revision = 0;
  #entries: readonly Entry[] = [];

  constructor(rules: Rules) {
    this.rules = rules;
  }

  /** Sets a score, or removes the user without one; the same score changes only the attribute. */
  set(userId: string, score: number | undefined): void {
    const held = this.#entries.find((each) => each.userId === userId);
    const others = this.#entries.filter((each) => each !== held);
    if (score === undefined) {
      this.revision += held ? 1 : 0;
      this.#entries = others;
      return;
    }
    const changedAt = ++this.revision;
    const reachedAt = held?.score === BigInt(score) ? held.reachedAt : changedAt;
    this.#entries = [...others, { userId, score: BigInt(score), reachedAt, changedAt }];
  }

  /** The whole board, best first. */
  get rows(): RankedUser[] {
    const { order, tieBreak } = this.rules;
    const sign = order === Order.LOWEST_FIRST ? 1 : -1;
    const tie = tieBreak === TieBreak.LAST_REACHED ? -1 : 1;
    return [...this.#entries]
      .sort(
        (one, other) =>
          sign * Number(one.score - other.score) || tie * (one.reachedAt - other.reachedAt),
      )
      .map(({ userId, score, changedAt }, index) => ({
        userId,
        score,
        rank: this.#rank(score, index + 1),
        place: index + 1,
        displayName: "",
        attributes: { at: `${changedAt}` },
      }));
  }

  #rank(score: bigint, place: number): number {
    const { order, rankStyle } = this.rules;
    const better = this.#entries
      .map((each) => each.score)
      .filter((each) => (order === Order.LOWEST_FIRST ? each < score : each > score));
    switch (rankStyle) {
      case RankStyle.COMPETITION:
        return better.length + 1;
      case RankStyle.DENSE:
        return new Set(better).size + 1;
      default:
        return place;
    }
  }
}

/** What a watcher of a contest is sent. */
export class PlainWatch {
  readonly #contest: PlainContest;
  readonly #scope: WatchScope;
  readonly #limit: number;
  readonly #userIds: ReadonlySet<string>;
  #sent = 0;

  constructor(contest: PlainContest, scope: WatchScope, limit: number, userIds: string[] = []) {
    this.#contest = contest;
    this.#scope = scope;
    this.#limit = limit;
    this.#userIds = new Set(userIds);
  }

  snapshot(): WatchContestResponse {
    const { rows, rules } = this.#contest;
    const users =
      this.#scope === WatchScope.USERS
        ? rows.filter((row) => this.#userIds.has(row.userId))
        : rows.slice(0, this.#limit);
    return this.#message({ case: "snapshot", value: { users, totalUsers: rows.length, rules } });
  }

  /** Sets or removes users one after another, and returns the one message of these changes. */
  set(...users: readonly (readonly [userId: string, score?: number])[]): WatchContestResponse {
    const changes = users.flatMap(([userId, score]) => this.#changes(userId, score));
    const totalUsers = this.#contest.rows.length;
    return changes.length > 0
      ? this.#message({ case: "changes", value: { changes, totalUsers } })
      : this.#message({ case: "progress", value: {} });
  }

  #changes(userId: string, score: number | undefined): Change[] {
    const before = this.#contest.rows;
    this.#contest.set(userId, score);
    const after = this.#contest.rows;
    const old = before.find((row) => row.userId === userId);
    const user = after.find((row) => row.userId === userId);
    if (!user && !old) {
      return [];
    }
    const change = {
      user: user ?? { userId },
      removed: !user,
      previousRank: old?.rank ?? 0,
      previousPlace: old?.place ?? 0,
    };
    if (this.#scope === WatchScope.ALL) {
      return [change];
    }
    if (this.#scope === WatchScope.USERS) {
      return this.#userIds.has(userId) ? [change] : [];
    }
    if (user && user.place <= this.#limit) {
      return [change];
    }
    if (!old || old.place > this.#limit) {
      return [];
    }
    // Of a user that left the watched rows, only that its place is beyond the limit is known.
    const left = user ? { ...change, user: { ...user, place: this.#limit + 1 } } : change;
    const next = after[this.#limit - 1];
    return [left, ...(next ? [{ user: next }] : [])];
  }

  #message(
    event: NonNullable<MessageInitShape<typeof WatchContestResponseSchema>["event"]>,
  ): WatchContestResponse {
    const previousRevision = BigInt(event.case === "snapshot" ? 0 : this.#sent);
    this.#sent = this.#contest.revision;
    const position = { epoch: "e", revision: BigInt(this.#sent) };
    return create(WatchContestResponseSchema, { position, previousRevision, event });
  }
}
