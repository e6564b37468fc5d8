// The list of the seasons that are kept, read when it is opened.

import type { WebClient, Season } from "@leaderboard/client/browser";

import { make, setText } from "./dom.js";
import { formatCount, formatDay } from "./format.js";
import { boardAddress } from "./options.js";

/** The board whose seasons are listed. */
export interface SeasonSource {
  readonly client: Pick<WebClient, "listSeasons">;
  readonly contestId: string;
  readonly userId: string | undefined;
  readonly limit: number | undefined;
  /** The season as the address says it; 0 for the current one. */
  readonly season: number;
  readonly hasControls: boolean;
}

/** A button that opens a list of links to the seasons. */
export class SeasonPicker {
  readonly #source: SeasonSource;
  readonly #summary = make("summary");
  readonly #list = make("ul", { class: "menu" });
  readonly #details = make("details", { class: "picker" }, this.#summary, this.#list);
  #shown = 0;

  constructor(parent: HTMLElement, source: SeasonSource) {
    this.#source = source;
    parent.replaceChildren(this.#details);
    this.#details.addEventListener("toggle", () => void this.#fill());
    this.#details.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.#close(true);
    });
    document.addEventListener("pointerdown", ({ target }) => {
      if (target instanceof Node && !this.#details.contains(target)) this.#close(false);
    });
  }

  /** Shows the number of the season. */
  show(season: number): void {
    this.#shown = season;
    setText(this.#summary, `Season ${season}`);
  }

  #close(withFocus: boolean): void {
    if (!this.#details.open) return;
    this.#details.open = false;
    if (withFocus) this.#summary.focus();
  }

  async #fill(): Promise<void> {
    if (!this.#details.open) return;
    this.#list.replaceChildren(make("li", { class: "menu-note" }, "Reading the seasons\u2026"));
    try {
      const items: HTMLElement[] = [];
      for await (const season of this.#source.client.listSeasons(this.#source.contestId)) {
        items.push(this.#item(season));
      }
      this.#list.replaceChildren(...items);
    } catch {
      const note = make("li", { class: "menu-note" }, "The seasons can\u2019t be read. Try again.");
      this.#list.replaceChildren(note);
    }
  }

  #item({ number, endedAt, totalUsers }: Season): HTMLElement {
    const { contestId, userId, limit } = this.#source;
    const isCurrent = endedAt === undefined;
    const season = isCurrent ? 0 : number;
    const href = boardAddress(contestId, { userId, limit, season });
    const when = isCurrent ? "now" : `ended ${formatDay(endedAt)}`;
    const note = `${when} \u00b7 ${formatCount(totalUsers, "player", "players")}`;
    const link = make(
      "a",
      { href, "aria-current": number === this.#shown ? "page" : undefined },
      `Season ${number} `,
    );
    link.append(make("span", { class: "menu-note" }, note));
    return make("li", {}, link);
  }
}
