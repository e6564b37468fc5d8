// Fits a board to a screen on a wall, which never scrolls and never sleeps.

import { keepScreenAwake } from "./wake-lock.js";

/** The least height of a row, in parts of the shorter side of the screen and in pixels. */
const ROW_SHARE = 1 / 15;
const ROW_PIXELS = 30;

/** A board with fewer rows leaves room, so that its rows do not grow without bounds. */
const FEW_ROWS = 6;

/** A screen on a wall: as many rows as fit, at heights that can be read from far away. */
export class Wall {
  readonly #table: HTMLElement;
  #rows = FEW_ROWS;

  /** @param table The table; its rows share its height, and it cuts what does not fit. */
  constructor(table: HTMLElement) {
    this.#table = table;
    addEventListener("resize", () => this.fit(this.#rows));
    keepScreenAwake();
    this.fit(this.#rows);
  }

  /** Gives the rows of a board all the height there is. */
  fit(rows: number): void {
    this.#rows = rows;
    const height = this.#table.clientHeight;
    const least = Math.max(Math.min(innerWidth, innerHeight) * ROW_SHARE, ROW_PIXELS);
    const fitting = Math.max(1, Math.floor(height / least));
    const shown = Math.min(Math.max(rows, FEW_ROWS), fitting);
    this.#table.style.setProperty("--row-height", `${height / shown}px`);
  }
}
