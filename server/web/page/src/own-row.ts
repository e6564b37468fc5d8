// Keeps the viewer's own row in sight where it is below the watched rows.

import type { WebClient, Position, RankedUser, WatchUpdate } from "@leaderboard/client/browser";

import { make } from "./dom.js";
import { formatCount } from "./format.js";
import { type MarkStyle, Row } from "./row.js";

/** The least time between two reads. */
const LEAST_INTERVAL_MS = 3_000;
const JITTER_MS = 1_500;

/** The watch is silent on changes below its rows, so the row is read without a sign of them too. */
const IDLE_INTERVAL_MS = 5_000;
const MOST_IDLE_INTERVAL_MS = 15_000;

/** The states of a board in which no row can be read. */
const UNREADABLE: ReadonlySet<string> = new Set(["RECONNECTING", "DELETED"]);

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
  readonly #gapText = make("td", { role: "cell", class: "gap-text" });
  readonly #gap = make("tr", { role: "row", class: "gap" }, this.#gapText);
  #row: Row;
  #board: WatchUpdate | undefined;
  /** The position of the board at the last read, and that of the row that was read. */
  #readAt: string | undefined;
  #positionRead: string | undefined;
  #idleInterval = IDLE_INTERVAL_MS;
  readonly #jitter = Math.random() * JITTER_MS;
  #readMs = 0;
  #timer = 0;
  #dueAt = 0;
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
    body.append(this.#gap, this.#row.element);
    document.addEventListener("visibilitychange", () => this.#schedule());
  }

  /** Notes the board of now, and reads the viewer's row where the board lacks it. */
  observe(board: WatchUpdate): void {
    this.#board = board;
    if (board.state === "DELETED") this.#forget();
    else if (this.#isOnBoard()) this.#body.hidden = true;
    else this.#schedule();
  }

  #forget(): void {
    this.#body.hidden = true;
    const row = new Row(this.#source.userId, true);
    this.#row.element.replaceWith(row.element);
    this.#row = row;
    this.#gapText.textContent = "";
    this.#readAt = undefined;
  }

  #isOnBoard(): boolean {
    return this.#board?.rows.some(({ userId }) => userId === this.#source.userId) ?? false;
  }

  /** Says whether the row is missing and can be read; without a gateway or a contest it can't. */
  #isWanted(): boolean {
    const state = this.#board?.state ?? "CONNECTING";
    return !UNREADABLE.has(state) && !document.hidden && !this.#isOnBoard();
  }

  #schedule(): void {
    if (!this.#board || this.#isReading || !this.#isWanted()) return;
    const interval = this.#interval(this.#board);
    if (interval === undefined) return;
    const dueAt = this.#readMs + interval;
    // A change of the board brings a read forward that was due without one.
    if (this.#timer && dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    const wait = Math.max(0, dueAt - performance.now());
    this.#timer = window.setTimeout(() => void this.#read(), wait);
  }

  /** Returns the milliseconds after a read until the next one; undefined where none is needed. */
  #interval({ position, state }: WatchUpdate): number | undefined {
    if (this.#readAt === undefined) return 0;
    if (this.#readAt !== keyOf(position)) return LEAST_INTERVAL_MS + this.#jitter;
    return state === "LIVE" ? this.#idleInterval + this.#jitter : undefined;
  }

  async #read(): Promise<void> {
    this.#timer = 0;
    if (!this.#isWanted()) return;
    const { client, contestId, userId, season } = this.#source;
    this.#isReading = true;
    this.#readAt = keyOf(this.#board?.position);
    try {
      const { users, position } = await client.batchGetUserRanks(contestId, [userId], { season });
      const isSame = keyOf(position) === this.#positionRead;
      this.#positionRead = keyOf(position);
      this.#idleInterval = isSame
        ? Math.min(this.#idleInterval * 1.5, MOST_IDLE_INTERVAL_MS)
        : IDLE_INTERVAL_MS;
      if (this.#board?.state !== "DELETED") this.#show(users[0]);
    } catch {
      // The state line says what is wrong with the connection; it is read again soon.
      this.#readAt = "";
    } finally {
      this.#isReading = false;
      this.#readMs = performance.now();
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
    }
    this.#showGap(user ? user.place - rows - 1 : undefined);
    if (!this.#isOnBoard()) this.#onChange(user);
  }

  /** Shows how many rows are between; nothing for none, and undefined without a row. */
  #showGap(between: number | undefined): void {
    this.#gap.hidden = between !== undefined && between <= 0;
    this.#gapText.textContent =
      between === undefined
        ? "You are not on this board yet"
        : `${formatCount(between, "row", "rows")} between`;
  }
}

function keyOf(position: Position | undefined): string {
  return position ? `${position.epoch}:${position.revision}` : "";
}
