// The head of a board: the contest's name, its numbers, its times and its seasons.

import type { Contest } from "@leaderboard/client/browser";

import { timesText } from "./contest-text.js";
import { byId, isolated, make, setText } from "./dom.js";
import { formatCount } from "./format.js";
import { SeasonPicker, type SeasonSource } from "./season-picker.js";

/** How long the place of the title is left empty for the name. */
const PATIENCE_MS = 3_000;

/** The head of a board. */
export class ContestHeader {
  readonly #title = byId("title");
  readonly #total = byId("total");
  readonly #season = byId("season");
  readonly #times = byId("times");
  readonly #source: SeasonSource;
  #picker: SeasonPicker | undefined;
  #contest: Contest | undefined;

  constructor(source: SeasonSource) {
    this.#source = source;
    setTimeout(() => this.showId(), PATIENCE_MS);
  }

  /** Shows the id of a contest whose name is not known, or not yet after a while. */
  showId(): void {
    if (!this.#title.querySelector("bdi")) this.#showTitle(this.#source.contestId);
  }

  /** Shows nothing but the name, as of a contest that was deleted. */
  clear(): void {
    this.#contest = undefined;
    this.#picker = undefined;
    for (const fact of [this.#total, this.#season, this.#times]) fact.replaceChildren();
    this.showId();
  }

  /** Shows what is known of the contest. */
  showContest(contest: Contest, now: number): void {
    this.#contest = contest;
    this.#showTitle(contest.displayName || contest.contestId);
    // A watch knows the number only once a row of its own has changed.
    if (this.#source.season === 0 && !this.#total.textContent) this.showTotal(contest.totalUsers);
    const hasSeasons = contest.season > 1 || contest.resetSchedule !== undefined;
    const { season } = this.#source;
    if (hasSeasons) this.showSeason(season > 0 ? season : contest.season + season, contest.season);
    this.showTimes(now);
  }

  /** Shows the number of users; the last one that was known while it is not certain. */
  showTotal(total: number | undefined): void {
    if (total !== undefined) {
      setText(this.#total, total > 0 ? formatCount(total, "player", "players") : "");
    }
  }

  /** Shows the number of a season, with a way to the others. */
  showSeason(season: number, current: number): void {
    if (current < 2 && this.#source.season === 0 && !this.#contest?.resetSchedule) return;
    if (this.#source.hasControls && current > 1) {
      this.#picker ??= new SeasonPicker(this.#season, this.#source);
      this.#picker.show(season);
    } else setText(this.#season, `Season ${season}`);
  }

  /** Shows what happens next, as of now. */
  showTimes(now: number): void {
    if (this.#source.season === 0 && this.#contest) {
      setText(this.#times, timesText(this.#contest, now));
    }
  }

  #showTitle(name: string): void {
    document.title = `${name} \u00b7 Leaderboard`;
    if (this.#title.textContent !== name) this.#title.replaceChildren(isolated(name));
  }
}

/** Makes the link to the full board that a frame has in the place of controls. */
export function linkToBoard(address: string): HTMLElement {
  const link = make("a", { href: address, target: "_blank", rel: "noopener" }, "Full board");
  link.append(make("span", { class: "sr-only" }, " (opens in a new tab)"));
  return link;
}
