// The table of the board: keeps one row for each user, in the order of the board.

import type { RankedUser } from "@leaderboard/client/browser";

import { formatNumber } from "./format.js";
import { appear } from "./motion.js";
import { rowsThatStay } from "./order.js";
import { countLeaders, isShared, shareOf } from "./ranks.js";
import { Row } from "./row.js";
import { type Span, Viewport } from "./viewport.js";

/** How a board is drawn. */
export interface Drawing {
  /** Whether rows move to their places. */
  readonly hasMotion: boolean;
  /** Whether changes since the last drawing are marked. */
  readonly hasMarks: boolean;
  readonly isLowestFirst: boolean;
}

/** The rows of a board. */
export class BoardView {
  readonly #body: HTMLElement;
  readonly #userId: string | undefined;
  readonly #viewport: Viewport;
  readonly #rows = new Map<string, Row>();
  #order: readonly Row[] = [];
  #leaders = 0;
  #digits = 0;

  /**
   * @param body The part of the table that holds the rows.
   * @param above What stands above the table.
   * @param userId The viewer, if known.
   */
  constructor(body: HTMLElement, above: HTMLElement, userId: string | undefined) {
    this.#body = body;
    this.#viewport = new Viewport(body, above);
    this.#userId = userId;
  }

  /** Shows the rows of a board. */
  draw(users: readonly RankedUser[], drawing: Drawing): void {
    const { visible } = this.#viewport;
    const leadersBefore = this.#leaders;
    const isFirst = this.#order.length === 0;

    this.#leaders = countLeaders(users);
    this.#arrange(users);
    this.#makeRoom(users);
    for (const [index, row] of this.#order.entries()) {
      const { index: indexBefore, user: userBefore } = row;
      row.index = index;
      this.#fill(row, users);
      const top = this.#viewport.topOf(index, this.#leaders);
      if (indexBefore < 0) {
        if (drawing.hasMotion && !isFirst && visible.holds(top)) appear(row.element);
        continue;
      }
      const topBefore = this.#viewport.topOf(indexBefore, leadersBefore);
      if (drawing.hasMotion) move(row, topBefore, top, visible);
      else row.movement.stop();
      if (drawing.hasMarks && userBefore && visible.holds(top)) row.mark(userBefore, drawing);
    }
  }

  /** Puts the rows of the users in their order, and removes all others, with the fewest moves. */
  #arrange(users: readonly RankedUser[]): void {
    const order = users.map(({ userId }) => this.#rows.get(userId) ?? this.#create(userId));
    if (order.length < this.#rows.size) this.#removeOthers(new Set(order));
    const stays = rowsThatStay(order.map((row) => row.index));
    let next: HTMLElement | null = null;
    for (let index = order.length - 1; index >= 0; index--) {
      const { element } = order[index] as Row;
      if (!stays[index]) put(this.#body, element, next);
      next = element;
    }
    this.#order = order;
  }

  /** Makes room for the longest score, which is that of the first or of the last row. */
  #makeRoom(users: readonly RankedUser[]): void {
    const ends = [users[0], users[users.length - 1]];
    const digits = Math.max(...ends.map((user) => (user ? formatNumber(user.score).length : 0)));
    if (digits === this.#digits) return;
    this.#digits = digits;
    this.#body.parentElement?.style.setProperty("--digits", String(digits));
  }

  #create(userId: string): Row {
    const row = new Row(userId, userId === this.#userId);
    this.#rows.set(userId, row);
    return row;
  }

  #removeOthers(kept: ReadonlySet<Row>): void {
    for (const [userId, row] of this.#rows) {
      if (kept.has(row)) continue;
      row.element.remove();
      this.#rows.delete(userId);
    }
  }

  #fill(row: Row, users: readonly RankedUser[]): void {
    const user = users[row.index] as RankedUser;
    const [first, last] = [users[0] as RankedUser, users[users.length - 1] as RankedUser];
    row.show(user, {
      isShared: isShared(users, row.index),
      isLeader: row.index < this.#leaders,
      share: shareOf(user.score, first.score, last.score),
    });
  }
}

/** Moves a row that is in view, or was. One that comes from far away begins at the edge. */
function move(row: Row, before: number, now: number, visible: Span): void {
  const isSeen = visible.holds(now);
  // The viewer's own row sticks to the edge where its place is out of view.
  const isMoved = isSeen || (visible.holds(before) && !row.isOwn);
  if (isMoved) row.movement.start((isSeen ? visible.clamp(before) : before) - now);
  else row.movement.stop();
}

/** A parent that can move a child without ending its animations, in browsers that have it. */
interface MovingParent {
  moveBefore?(node: Node, next: Node | null): void;
}

function put(parent: HTMLElement & MovingParent, element: HTMLElement, next: Node | null): void {
  if (element.isConnected && parent.moveBefore) parent.moveBefore(element, next);
  else parent.insertBefore(element, next);
}
