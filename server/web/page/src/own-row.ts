// Keeps the viewer's own row in sight where it is below the watched rows.

import type { WebClient, Position, RankedUser, WatchUpdate } from "@leaderboard/client/browser";

import { make } from "./dom.js";
import { formatCount } from "./format.js";
import { type MarkStyle, Row } from "./row.js";

const LEAST_INTERVAL_MS = 3_000;
const JITTER_MS = 1_500;

/** What is needed to read the viewer's row. */
export interface OwnRowSource {
  readonly client: Pick<WebClient, "batchGetUserRanks">;
  readonly contestId: string;
  readonly userId: string;
  readonly season: number;
  /** Says how changes of the row are marked. */
  readonly markStyle: () => MarkStyle;
}

/** The viewer's own row below the others, with a mark for the rows that are not shown. */
export class OwnRow {
  readonly #body: HTMLElement;
  readonly #source: OwnRowSource;
  readonly #onChange: (user: RankedUser | undefined) => void;
  readonly #gap = make("td", { role: "cell", class: "gap-text" });
  readonly #row: Row;
  #board: WatchUpdate | undefined;
  #readAt: string | undefined;
  #timer = 0;
  #isReading = false;

  /**
   * @param body The part of the table below the rows.
   * @param onChange Called with the viewer's row when it was read; undefined if there is none.
   */
  constructor(
    body: HTMLElement,
    source: OwnRowSource,
    onChange: (user: RankedUser | undefined) => void,
  ) {
    this.#body = body;
    this.#source = source;
    this.#onChange = onChange;
    this.#row = new Row(source.userId, true);
    body.append(make("tr", { role: "row", class: "gap" }, this.#gap), this.#row.element);
    document.addEventListener("visibilitychange", () => this.#schedule());
  }

  /** Notes the board of now, and reads the viewer's row where the board lacks it. */
  observe(board: WatchUpdate): void {
    this.#board = board;
    if (this.#isOnBoard()) this.#body.hidden = true;
    else this.#schedule();
  }

  #isOnBoard(): boolean {
    return this.#board?.rows.some(({ userId }) => userId === this.#source.userId) ?? false;
  }

  #schedule(): void {
    const isDue = keyOf(this.#board?.position) !== this.#readAt && !this.#isOnBoard();
    if (!isDue || this.#timer || this.#isReading || document.hidden) return;
    const isFirst = this.#readAt === undefined;
    const wait = isFirst ? 0 : LEAST_INTERVAL_MS + Math.random() * JITTER_MS;
    this.#timer = window.setTimeout(() => void this.#read(), wait);
  }

  async #read(): Promise<void> {
    this.#timer = 0;
    if (document.hidden || this.#isOnBoard()) return;
    const { client, contestId, userId, season } = this.#source;
    this.#isReading = true;
    this.#readAt = keyOf(this.#board?.position);
    try {
      const { users } = await client.batchGetUserRanks(contestId, [userId], { season });
      this.#show(users[0]);
    } catch {
      // The state line says what is wrong with the connection; it is read again soon.
      this.#readAt = "";
    } finally {
      this.#isReading = false;
      this.#schedule();
    }
  }

  #show(user: RankedUser | undefined): void {
    const rows = this.#board?.rows.length ?? 0;
    this.#body.hidden = this.#isOnBoard() || rows === 0;
    this.#row.element.hidden = !user;
    if (user) {
      const before = this.#row.user;
      this.#row.show(user, { isShared: false, isLeader: false, share: 0 });
      if (before) this.#row.mark(before, this.#source.markStyle());
      const between = user.place - rows - 1;
      this.#gap.textContent = between > 0 ? `${formatCount(between, "row", "rows")} between` : "";
    } else {
      this.#gap.textContent = "You are not on this board yet";
    }
    if (!this.#isOnBoard()) this.#onChange(user);
  }
}

function keyOf(position: Position | undefined): string {
  return position ? `${position.epoch}:${position.revision}` : "";
}
