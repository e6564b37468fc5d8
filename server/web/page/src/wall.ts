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
  readonly #rows: HTMLElement;
  readonly #ownRow: HTMLElement;
  #height = 0;

  /**
   * @param table The table, as high as the screen has room.
   * @param rows The part of it with the rows.
   * @param ownRow The part of it with the viewer's row, where that is below the others.
   */
  constructor(table: HTMLElement, rows: HTMLElement, ownRow: HTMLElement) {
    this.#table = table;
    this.#rows = rows;
    this.#ownRow = ownRow;
    new ResizeObserver(() => this.#measure()).observe(table);
    keepScreenAwake();
  }

  /** Gives the rows all the height there is, and hides those that have no room. */
  fit(): void {
    if (this.#height === 0) return;
    const rows = [...this.#rows.children] as HTMLElement[];
    const least = Math.max(Math.min(innerWidth, innerHeight) * ROW_SHARE, ROW_PIXELS);
    const room = Math.max(1, Math.floor(this.#height / least));
    const own = rows.findIndex((row) => row.classList.contains("is-own"));
    const hasOwnBelow = own >= room || !this.#ownRow.hidden;
    const wanted = Math.max(rows.length + (this.#ownRow.hidden ? 0 : 1), FEW_ROWS);
    const shown = Math.min(wanted, room);
    this.#table.style.setProperty("--row-height", `${Math.floor(this.#height / shown)}px`);
    const first = hasOwnBelow ? shown - 1 : shown;
    for (const [index, row] of rows.entries()) row.hidden = index >= first && index !== own;
  }

  #measure(): void {
    this.#height = this.#table.clientHeight;
    this.fit();
  }
}
