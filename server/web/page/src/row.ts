// One row of the board: made once for a user, then only changed where it differs.

import type { RankedUser } from "@leaderboard/client/browser";

import { isolated, make, setText } from "./dom.js";
import { formatGain, formatNumber, formatRank, nameOf, noteOf } from "./format.js";
import { Movement, glow, showMark } from "./motion.js";

/** How a row stands among the others. */
export interface RowStanding {
  readonly isShared: boolean;
  /** Whether the row stands out as one of the leaders. */
  readonly isLeader: boolean;
  /** The share of the leader's score, from 0 to 1; it is the length of the line below the row. */
  readonly share: number;
}

/** How changes are marked. */
export interface MarkStyle {
  readonly hasMotion: boolean;
  readonly isLowestFirst: boolean;
}

/** The steps of a share: a line changes only when it is seen to. */
const SHARE_STEPS = 250;

/** One row of the board. */
export class Row {
  readonly element: HTMLTableRowElement;
  readonly movement: Movement;
  /** Whether it is the viewer's. */
  readonly isOwn: boolean;
  /** The number of the row in the order that is shown, from 0; -1 before it is shown. */
  index = -1;

  readonly #rank = make("span", { "data-cell": "rank" });
  readonly #sharedRank = make("span", { class: "sr-only", hidden: true });
  readonly #move = make("span", { class: "move", "aria-hidden": "true" });
  readonly #name = make("bdi", { class: "name", "data-cell": "name", dir: "auto" });
  readonly #note = isolated("", "note");
  readonly #gain = make("span", { class: "gain", "aria-hidden": "true" });
  readonly #score = make("span", { "data-cell": "score" });
  readonly #line = make("td", { class: "line", "aria-hidden": "true" });
  #shown: RankedUser | undefined;
  #standing = "";
  #step = -1;

  constructor(userId: string, isOwn: boolean) {
    const rank = make("td", { role: "cell", class: "rank" }, this.#rank, this.#sharedRank, this.#move);
    const name = make("th", { role: "rowheader", scope: "row" }, this.#name, this.#note);
    const score = make("td", { role: "cell", class: "score" }, this.#gain, this.#score);
    const row = make("tr", { role: "row", class: "row", "data-user-id": userId });
    this.isOwn = isOwn;
    if (isOwn) {
      row.classList.add("is-own");
      name.append(make("span", { class: "you" }, "You"));
    }
    row.append(rank, name, score, this.#line);
    this.element = row;
    this.movement = new Movement(row);
  }

  /** The user as shown; undefined before the first time. */
  get user(): RankedUser | undefined {
    return this.#shown;
  }

  /** Shows a user, who is the same as before. */
  show(user: RankedUser, standing: RowStanding): void {
    const before = this.#shown;
    this.#shown = user;
    if (before?.score !== user.score) setText(this.#score, formatNumber(user.score));
    if (before?.displayName !== user.displayName) this.#showName(nameOf(user));
    if (before?.attributes !== user.attributes) setText(this.#note, noteOf(user.attributes));
    this.#showStanding(user.rank, standing);
    this.#showShare(standing.share);
  }

  /** Flashes the change of the score since the user was shown before, and marks that of the rank. */
  mark(before: RankedUser, { hasMotion, isLowestFirst }: MarkStyle): void {
    const now = this.#shown;
    if (!now) return;
    if (now.score !== before.score) {
      const isBetter = now.score > before.score !== isLowestFirst;
      this.element.dataset["trend"] = isBetter ? "up" : "down";
      setText(this.#gain, formatGain(now.score - before.score));
      showMark(this.#gain);
      if (hasMotion) glow(this.element);
    }
    if (now.rank !== before.rank) {
      const ranks = before.rank - now.rank;
      this.#move.dataset["direction"] = ranks > 0 ? "up" : "down";
      setText(this.#move, `${ranks > 0 ? "\u25b2" : "\u25bc"}\u2009${Math.abs(ranks)}`);
      showMark(this.#move);
    }
  }

  #showName(name: string): void {
    setText(this.#name, name);
    this.#name.title = name;
  }

  #showStanding(rank: number, { isShared, isLeader }: RowStanding): void {
    const standing = `${rank} ${isShared} ${isLeader}`;
    if (standing === this.#standing) return;
    this.#standing = standing;
    setText(this.#rank, formatRank(rank, isShared));
    this.#rank.ariaHidden = isShared ? "true" : null;
    this.#sharedRank.hidden = !isShared;
    setText(this.#sharedRank, isShared ? `${formatNumber(rank)}, shared` : "");
    this.element.classList.toggle("is-leader", isLeader);
    if (rank <= 3) this.element.dataset["medal"] = String(rank);
    else delete this.element.dataset["medal"];
  }

  #showShare(share: number): void {
    const step = Math.round(share * SHARE_STEPS);
    if (step === this.#step) return;
    this.#step = step;
    this.#line.style.transform = `scaleX(${step / SHARE_STEPS})`;
  }
}
