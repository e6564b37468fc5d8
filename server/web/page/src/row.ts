// One row of the board: made once for a user, then only changed where it differs.

import type { RankedUser } from "@leaderboard/client/browser";

import { TextCell, make } from "./dom.js";
import { formatGain, formatNumber, formatRank, nameOf, noteOf } from "./format.js";
import { Mark, Movement, glow } from "./motion.js";

/** How a row stands among the others. */
export interface RowStanding {
  readonly isShared: boolean;
  /** Whether the row stands out as one of the leaders. */
  readonly isLeader: boolean;
  /** How far the score is from the last row to the first, from 0 to 1: the length of the bar. */
  readonly share: number;
}

/** How changes are marked. */
export interface MarkStyle {
  readonly hasMotion: boolean;
  readonly isLowestFirst: boolean;
}

/** The steps of a share: a bar changes only when it is seen to. */
const SHARE_STEPS = 100;

/** The ranks that have a medal. */
const MEDALS = 3;

/** One row of the board. */
export class Row {
  readonly element: HTMLTableRowElement;
  readonly movement: Movement;
  /** Whether it is the viewer's. */
  readonly isOwn: boolean;
  /** The number of the row in the order that is shown, from 0; -1 before it is shown. */
  index = -1;

  readonly #rank = new TextCell(make("span", { "data-cell": "rank" }));
  readonly #sharedRank = new TextCell(make("span", { class: "sr-only", hidden: true }));
  readonly #move = new Mark(make("span", { class: "move", "aria-hidden": "true" }));
  readonly #name = new TextCell(make("bdi", { class: "name", "data-cell": "name", dir: "auto" }));
  readonly #note = new TextCell(make("bdi", { class: "note" }));
  readonly #gain = new Mark(make("span", { class: "gain", "aria-hidden": "true" }));
  readonly #score = new TextCell(make("span", { "data-cell": "score" }));
  readonly #bar = make("i");
  #shown: RankedUser | undefined;
  #standing: RowStanding | undefined;
  #step = -1;

  constructor(userId: string, isOwn: boolean) {
    const [rank, name, score] = [
      make("td", { role: "cell", class: "rank" }),
      make("th", { role: "rowheader", scope: "row" }),
      make("td", { role: "cell", class: "score" }),
    ];
    rank.append(this.#rank.element, this.#sharedRank.element, this.#move.element);
    name.append(this.#name.element, this.#note.element);
    score.append(this.#gain.element, this.#score.element);
    const row = make("tr", { role: "row", class: "row", "data-user-id": userId });
    this.isOwn = isOwn;
    if (isOwn) {
      row.classList.add("is-own");
      name.append(make("span", { class: "you" }, "You"));
    }
    row.append(rank, name, make("td", { class: "share", "aria-hidden": "true" }, this.#bar), score);
    this.element = row;
    this.movement = new Movement(row);
  }

  /** The user as shown; undefined before the first time. */
  get user(): RankedUser | undefined {
    return this.#shown;
  }

  /** Shows a user, who is the same as before. Only what differs is changed. */
  show(user: RankedUser, standing: RowStanding): void {
    const before = this.#shown;
    this.#shown = user;
    if (before?.score !== user.score) this.#score.set(formatNumber(user.score));
    if (before?.displayName !== user.displayName) this.#showName(nameOf(user));
    if (before?.attributes !== user.attributes) this.#showNote(noteOf(user.attributes));
    this.#showRank(user.rank, before?.rank, standing);
    this.#showShare(standing.share);
    this.#standing = standing;
  }

  /** Flashes the change of the score since an earlier drawing, and marks that of the rank. */
  mark(before: RankedUser, { hasMotion, isLowestFirst }: MarkStyle): void {
    const now = this.#shown;
    if (!now) return;
    if (now.score !== before.score) {
      const isBetter = now.score > before.score !== isLowestFirst;
      this.element.dataset["trend"] = isBetter ? "up" : "down";
      this.#gain.show(formatGain(now.score - before.score));
      if (hasMotion) glow(this.element);
    }
    if (now.rank !== before.rank) {
      const ranks = before.rank - now.rank;
      this.#move.element.dataset["direction"] = ranks > 0 ? "up" : "down";
      this.#move.show(`${ranks > 0 ? "\u25b2" : "\u25bc"}\u2009${Math.abs(ranks)}`);
    }
  }

  #showName(name: string): void {
    this.#name.set(name);
    this.#name.element.title = name;
  }

  #showNote(note: string): void {
    this.#note.set(note);
    this.#note.element.hidden = !note;
  }

  #showRank(rank: number, rankBefore: number | undefined, standing: RowStanding): void {
    const before = this.#standing;
    const { isShared, isLeader } = standing;
    if (isLeader !== before?.isLeader) this.element.classList.toggle("is-leader", isLeader);
    if (rank === rankBefore && isShared === before?.isShared) return;
    this.#rank.set(formatRank(rank, isShared));
    if (isShared) this.#sharedRank.set(`${formatNumber(rank)}, shared`);
    if (isShared !== (before?.isShared ?? false)) {
      if (isShared) this.#rank.element.setAttribute("aria-hidden", "true");
      else this.#rank.element.removeAttribute("aria-hidden");
      this.#sharedRank.element.hidden = !isShared;
    }
    if (rank <= MEDALS) this.element.dataset["medal"] = String(rank);
    else if (rankBefore !== undefined && rankBefore <= MEDALS) delete this.element.dataset["medal"];
  }

  #showShare(share: number): void {
    const step = Math.round(share * SHARE_STEPS);
    if (step === this.#step) return;
    this.#step = step;
    this.#bar.style.transform = `scaleX(${step / SHARE_STEPS})`;
  }
}
