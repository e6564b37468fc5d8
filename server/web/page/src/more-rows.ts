// The line below a board: how many rows there are, and a link to more of them.

import { make } from "./dom.js";
import { formatCount, formatNumber } from "./format.js";
import { MOST_ROWS, type PageOptions, boardAddress } from "./options.js";

/** The numbers of rows that links lead to. */
const STEPS = [50, 200, MOST_ROWS];

/** The line below a board. */
export class MoreRows {
  readonly #element: HTMLElement;
  readonly #options: PageOptions;
  readonly #limit: number;
  #shown = "";

  constructor(element: HTMLElement, options: PageOptions, limit: number) {
    this.#element = element;
    this.#options = options;
    this.#limit = limit;
  }

  /** Shows the line for a board; nothing where all rows are shown. */
  show(rows: number, total: number | undefined): void {
    const key = `${rows} ${total}`;
    if (key === this.#shown) return;
    this.#shown = key;
    const isPart = rows === this.#limit && (total === undefined || total > rows);
    this.#element.hidden = !isPart || this.#options.surface !== "board";
    if (this.#element.hidden) return;
    const of = total === undefined ? "" : ` of ${formatNumber(total)}`;
    this.#element.replaceChildren(`The first ${formatNumber(rows)}${of}`);
    const step = STEPS.find((each) => each > this.#limit);
    if (step) this.#element.append(this.#link(step, total));
  }

  #link(step: number, total: number | undefined): HTMLElement {
    const { contestId, userId, season } = this.#options;
    const href = boardAddress(contestId, { userId, season, limit: step });
    const isAll = total !== undefined && total <= step;
    return make(
      "a",
      { class: "button", href },
      isAll ? "Show all" : `Show ${formatCount(step, "row", "rows")}`,
    );
  }
}
