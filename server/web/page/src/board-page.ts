// The page of a board: connects the watch with the table, the head, and the state line.

import { type RankedUser, WebClient, type WatchUpdate } from "@leaderboard/client/browser";

import { Announcer } from "./announcer.js";
import { boardNotice } from "./board-notice.js";
import { type BoardListener, readSeason, watchBoard } from "./board-source.js";
import { BoardView } from "./board-view.js";
import { Clock } from "./clock.js";
import { ContestHeader } from "./contest-header.js";
import { ContestReader } from "./contest-reader.js";
import { byId } from "./dom.js";
import { Frames } from "./frames.js";
import { MoreRows } from "./more-rows.js";
import { isMotionWelcome } from "./motion.js";
import { Notice } from "./notice.js";
import { type PageOptions, withoutSeason } from "./options.js";
import { OwnRow } from "./own-row.js";
import { StateLine } from "./state-line.js";
import type { BoardState } from "./state-text.js";
import { Wall } from "./wall.js";

/** The numbers of first rows to watch, unless the address says another. */
const LIMITS = { board: 50, wall: 50, embed: 10 };

/** The reasons for a board that has nothing to do with the one before. */
const NEW_BOARDS: ReadonlySet<string> = new Set(["INITIAL", "NEW_SEASON", "NEW_EPOCH"]);

/** The page of a board. */
export class BoardPage {
  readonly #options: PageOptions;
  readonly #clock = new Clock();
  readonly #client: WebClient;
  readonly #reader: ContestReader;
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
  #error: Error | undefined;
  #certainAt: number | undefined;
  #isNewBoard = true;

  constructor(options: PageOptions, token: string | undefined) {
    const { contestId, userId, season, surface } = options;
    this.#options = options;
    this.#limit = options.limit ?? LIMITS[surface];
    this.#client = new WebClient({ token, fetch: this.#clock.fetch });
    this.#view = new BoardView(byId("rows"), byId("head"), userId);
    const hasControls = surface === "board";
    const { limit } = options;
    const [client, clock] = [this.#client, this.#clock];
    this.#header = new ContestHeader({ client, contestId, userId, limit, season, hasControls });
    this.#reader = new ContestReader({
      client,
      clock,
      contestId,
      onRead: () => this.#showContest(),
      onFail: () => this.#header.showId(),
    });
    this.#more = new MoreRows(byId("more"), options, this.#limit);
    if (surface === "wall") this.#wall = new Wall(byId("table"), byId("rows"), byId("own"));
  }

  /** Reads the board, and shows it from now on. */
  start(): void {
    const { contestId, season } = this.#options;
    const listener = {
      update: (board: WatchUpdate) => this.#update(board),
      fail: (error: unknown) => this.#fail(error),
    };
    this.#watchOwnRow();
    if (season === 0) void watchBoard(this.#client, contestId, this.#limit, listener);
    else void this.#showSeason(listener);
    setInterval(() => this.#tick(), 1_000);
    for (const event of ["online", "offline"]) addEventListener(event, () => this.#tick());
    this.#tick();
  }

  async #showSeason(listener: BoardListener): Promise<void> {
    const { contestId, season } = this.#options;
    const limit = this.#limit;
    const isKept = await readSeason(this.#client, contestId, { limit, season }, listener);
    if (!isKept) location.replace(withoutSeason(location.href));
  }

  #watchOwnRow(): void {
    const { contestId, userId, season } = this.#options;
    if (userId === undefined) return;
    const markStyle = () => ({ hasMotion: isMotionWelcome(), isLowestFirst: this.#isLowestFirst });
    const source = { client: this.#client, contestId, userId, season, markStyle };
    this.#ownRow = new OwnRow(byId("own"), source, (own) => this.#observe(own));
  }

  #update(board: WatchUpdate): void {
    const { snapshotReason } = board;
    this.#board = board;
    this.#reader.observe(board);
    if (board.season === 0) this.#header.showId();
    if (board.state === "DELETED") {
      this.#reader.forget();
      this.#header.clear();
    }
    if (board.message || this.#isKept) this.#certainAt = performance.now();
    if (snapshotReason && NEW_BOARDS.has(snapshotReason)) this.#isNewBoard = true;
    this.#frames.request();
  }

  #fail(error: unknown): void {
    this.#error = error instanceof Error ? error : new Error(String(error));
    if (this.#isKept) this.#reader.read();
    else this.#header.showId();
    this.#frames.request();
  }

  #showContest(): void {
    const { contest } = this.#reader;
    if (contest) this.#header.showContest(contest, this.#clock.now());
    this.#frames.request();
  }

  #draw(isCatchUp: boolean): void {
    const board = this.#board;
    if (board?.position || board?.state === "DELETED") this.#drawBoard(board, isCatchUp);
    this.#tick();
  }

  #drawBoard(board: WatchUpdate, isCatchUp: boolean): void {
    const { rows, position, season, totalUsers } = board;
    const hasMarks = !isCatchUp && !this.#isNewBoard;
    if (this.#isNewBoard) this.#announcer.reset();
    this.#isNewBoard = false;
    const hasMotion = hasMarks && isMotionWelcome();
    this.#view.draw(rows, { hasMotion, hasMarks, isLowestFirst: this.#isLowestFirst });
    this.#main.dataset["position"] = position ? `${position.epoch}:${position.revision}` : "";
    this.#main.dataset["season"] = String(season ?? "");
    this.#main.dataset["total"] = String(totalUsers ?? "");
    byId("table").hidden = rows.length === 0;
    this.#main.toggleAttribute("data-empty", rows.length === 0);
    this.#header.showTotal(totalUsers);
    const current = this.#isKept ? this.#reader.contest?.season : season;
    if (season) this.#header.showSeason(season, current ?? season);
    this.#more.show(rows.length, totalUsers);
    this.#ownRow?.observe(board);
    this.#observe(rows.find(({ userId }) => userId === this.#options.userId));
  }

  #observe(own: RankedUser | undefined): void {
    this.#wall?.fit();
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
      isScheduled: this.#reader.contest?.state === "SCHEDULED",
    });
    this.#reader.observeTime();
    this.#header.showTimes(this.#clock.now());
    this.#notice.show(
      boardNotice(
        {
          state,
          rows: this.#board?.rows.length ?? 0,
          season: this.#board?.season,
          contest: this.#reader.contest,
          error: this.#error,
          isKept: this.#isKept,
          hasControls: this.#options.surface === "board",
          currentSeason: withoutSeason(location.href),
        },
        this.#clock.now(),
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
    return this.#reader.contest?.rules.order === "LOWEST_FIRST";
  }
}
