// The page of a board: connects the watch with the table, the head, and the state line.

import { WebClient, type Contest, type RankedUser, type WatchUpdate } from "@leaderboard/client/browser";

import { Announcer } from "./announcer.js";
import { boardNotice } from "./board-notice.js";
import { readSeason, watchBoard } from "./board-source.js";
import { BoardView } from "./board-view.js";
import { ContestHeader } from "./contest-header.js";
import { byId } from "./dom.js";
import { Frames } from "./frames.js";
import { MoreRows } from "./more-rows.js";
import { isMotionWelcome } from "./motion.js";
import { Notice } from "./notice.js";
import type { PageOptions } from "./options.js";
import { OwnRow } from "./own-row.js";
import { StateLine } from "./state-line.js";
import type { BoardState } from "./state-text.js";
import { Wall } from "./wall.js";

/** The numbers of first rows to watch, unless the address says another. */
const LIMITS = { board: 50, wall: 50, embed: 10 };

/** The reasons for a board that has nothing to do with the one before. */
const NEW_BOARDS: ReadonlySet<string> = new Set(["INITIAL", "NEW_SEASON", "NEW_EPOCH"]);

/** The reasons for which the contest may have other settings now. */
const NEW_SETTINGS: ReadonlySet<string> = new Set(["NEW_SEASON", "NEW_EPOCH", "CONTEST_UPDATED"]);

/** The page of a board. */
export class BoardPage {
  readonly #options: PageOptions;
  readonly #client: WebClient;
  readonly #main = byId("board");
  readonly #limit: number;
  readonly #announcer = new Announcer(byId("announcer"));
  readonly #state = new StateLine(byId("state"), this.#main, this.#announcer);
  readonly #notice = new Notice(byId("notice"));
  readonly #frames = new Frames((isCatchUp) => this.#draw(isCatchUp));
  readonly #view: BoardView;
  readonly #header: ContestHeader;
  readonly #more: MoreRows;
  #ownRow: OwnRow | undefined;
  #wall: Wall | undefined;

  #board: WatchUpdate | undefined;
  #contest: Contest | undefined;
  #error: Error | undefined;
  #certainAt: number | undefined;
  #isNewBoard = true;

  constructor(options: PageOptions, token: string | undefined) {
    const { contestId, userId, season, surface } = options;
    this.#options = options;
    this.#limit = options.limit ?? LIMITS[surface];
    this.#client = new WebClient({ token });
    this.#view = new BoardView(byId("rows"), userId);
    const hasControls = surface === "board";
    const { limit } = options;
    const source = { client: this.#client, contestId, userId, limit, season, hasControls };
    this.#header = new ContestHeader(source);
    this.#more = new MoreRows(byId("more"), options, this.#limit);
    if (surface === "wall") this.#wall = new Wall(byId("table"));
  }

  /** Reads the board, and shows it from now on. */
  start(): void {
    const { contestId, season } = this.#options;
    const listener = {
      update: (board: WatchUpdate) => this.#update(board),
      fail: (error: unknown) => this.#fail(error),
    };
    this.#watchOwnRow();
    void this.#readContest();
    if (season === 0) void watchBoard(this.#client, contestId, this.#limit, listener);
    else void readSeason(this.#client, contestId, { limit: this.#limit, season }, listener);
    setInterval(() => this.#tick(), 1_000);
    for (const event of ["online", "offline"]) addEventListener(event, () => this.#tick());
    this.#tick();
  }

  #watchOwnRow(): void {
    const { contestId, userId, season } = this.#options;
    if (userId === undefined) return;
    const markStyle = () => ({ hasMotion: isMotionWelcome(), isLowestFirst: this.#isLowestFirst });
    const source = { client: this.#client, contestId, userId, season, markStyle };
    this.#ownRow = new OwnRow(byId("own"), source, (own) => this.#observe(own));
  }

  #update(board: WatchUpdate): void {
    const { snapshotReason, state, season } = board;
    const hasBegun = this.#board?.season === 0 && (season ?? 0) > 0;
    this.#board = board;
    if (board.message || this.#isKept) this.#certainAt = performance.now();
    if (snapshotReason && NEW_BOARDS.has(snapshotReason)) this.#isNewBoard = true;
    const isChanged = snapshotReason !== undefined && NEW_SETTINGS.has(snapshotReason);
    if (isChanged || hasBegun || state === "OVER") void this.#readContest();
    this.#frames.request();
  }

  #fail(error: unknown): void {
    this.#error = error instanceof Error ? error : new Error(String(error));
    this.#frames.request();
  }

  async #readContest(): Promise<void> {
    try {
      this.#contest = await this.#client.getContest(this.#options.contestId);
      this.#header.showContest(this.#contest);
      this.#frames.request();
    } catch {
      // There is no such contest yet, or the watch says what is wrong.
    }
  }

  #draw(isCatchUp: boolean): void {
    const board = this.#board;
    if (board?.position) this.#drawBoard(board, isCatchUp);
    this.#tick();
  }

  #drawBoard(board: WatchUpdate, isCatchUp: boolean): void {
    const { rows, position, season, totalUsers } = board;
    const hasMarks = !isCatchUp && !this.#isNewBoard;
    if (this.#isNewBoard) this.#announcer.reset();
    this.#isNewBoard = false;
    this.#wall?.fit(rows.length);
    const hasMotion = hasMarks && isMotionWelcome();
    this.#view.draw(rows, { hasMotion, hasMarks, isLowestFirst: this.#isLowestFirst });
    this.#main.dataset["position"] = position ? `${position.epoch}:${position.revision}` : "";
    this.#main.dataset["season"] = String(season ?? "");
    this.#main.dataset["total"] = String(totalUsers ?? "");
    byId("table").hidden = rows.length === 0;
    this.#header.showTotal(totalUsers);
    if (season) this.#header.showSeason(season, this.#isKept ? (this.#contest?.season ?? season) : season);
    this.#more.show(rows.length, totalUsers);
    this.#ownRow?.observe(board);
    this.#observe(rows.find(({ userId }) => userId === this.#options.userId));
  }

  #observe(own: RankedUser | undefined): void {
    if (this.#board?.state !== "CONNECTING") this.#announcer.observe(this.#board?.rows[0], own);
  }

  /** Shows what changes with the time alone: the state, the countdown. */
  #tick(): void {
    if (document.hidden) return;
    const certainAt = this.#certainAt;
    const state = this.#boardState;
    this.#state.show({
      state,
      behindMs: certainAt === undefined ? undefined : performance.now() - certainAt,
      isOnline: navigator.onLine,
      isKept: this.#isKept,
    });
    this.#header.showTimes();
    this.#notice.show(
      boardNotice(
        {
          state,
          rows: this.#board?.rows.length ?? 0,
          season: this.#board?.season,
          contest: this.#contest,
          error: this.#error,
          isKept: this.#isKept,
          hasControls: this.#options.surface === "board",
        },
        Date.now(),
      ),
    );
  }

  get #boardState(): BoardState {
    if (this.#error) return "error";
    return (this.#board?.state.toLowerCase() ?? "connecting") as BoardState;
  }

  get #isKept(): boolean {
    return this.#options.season !== 0;
  }

  get #isLowestFirst(): boolean {
    return this.#contest?.rules.order === "LOWEST_FIRST";
  }
}
