// Knows which part of the table is in view, from heights that all rows of a kind share.

/** A row, as far as its height is concerned. */
interface Measured {
  readonly element: HTMLElement;
}

/** The heights of the rows, in pixels. */
export class RowHeights {
  #leader = 0;
  #plain = 0;

  /** Reads the heights from rows that are shown; the layout must be clean. */
  measure(order: readonly Measured[], leaders: number): this {
    const plain = order[leaders]?.element.offsetHeight;
    const leader = leaders > 0 ? order[0]?.element.offsetHeight : undefined;
    this.#plain = plain || this.#plain || leader || 0;
    this.#leader = leader || this.#leader || this.#plain;
    return this;
  }

  /** Returns the distance of a row from the top of the table. */
  topOf(index: number, leaders: number): number {
    const above = Math.min(index, leaders);
    return above * this.#leader + (index - above) * this.#plain;
  }
}

/** The part of the table that is in view, in pixels from its top. */
export class Span {
  readonly #start: number;
  readonly #end: number;

  constructor(start: number, end: number) {
    this.#start = start;
    this.#end = end;
  }

  /** Returns whether a row that begins there is in view, at least by a part. */
  holds(top: number): boolean {
    return top >= this.#start && top <= this.#end;
  }

  /** Returns the nearest place in view or at its edge. */
  clamp(top: number): number {
    return Math.min(Math.max(top, this.#start), this.#end);
  }
}

/** The most pixels of a row that is in view by a part only. */
const ROW_MARGIN = 96;

/** Returns the part of an element that is in view; the layout must be clean. */
export function visibleSpan(element: HTMLElement): Span {
  const top = element.getBoundingClientRect().top;
  return new Span(-top - ROW_MARGIN, innerHeight - top);
}
