// Knows which part of the table is in view, without measuring while the board is drawn.

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

/** The class of rows that are higher than the others. */
const LEADER = "is-leader";

/** The heights of the rows and the place of the table, measured when they may have changed. */
export class Viewport {
  readonly #body: HTMLElement;
  #leaderHeight = 0;
  #plainHeight = 0;
  /** The distance of the table from the top of the page. */
  #top = 0;
  #scrolled = 0;

  /**
   * @param body The part of the table that holds the rows.
   * @param above What stands above the table, and moves it when its height changes.
   */
  constructor(body: HTMLElement, above: HTMLElement) {
    this.#body = body;
    const observer = new ResizeObserver(() => this.#measure());
    for (const element of [body, above]) observer.observe(element);
    addEventListener("scroll", () => this.#readScroll(), { passive: true });
  }

  /** The part of the table that is in view. */
  get visible(): Span {
    const start = this.#scrolled - this.#top;
    return new Span(start - this.#leaderHeight, start + innerHeight);
  }

  /** Returns the distance of a row from the top of the table. */
  topOf(index: number, leaders: number): number {
    const above = Math.min(index, leaders);
    return above * this.#leaderHeight + (index - above) * this.#plainHeight;
  }

  /** Measures right after the browser has laid out the page, when that costs nothing. */
  #measure(): void {
    const first = this.#body.querySelector<HTMLElement>(`.${LEADER}`);
    const plain = this.#body.querySelector<HTMLElement>(`:scope > :not(.${LEADER})`);
    const height = (plain ?? first)?.offsetHeight;
    if (!height) return;
    this.#plainHeight = height;
    this.#leaderHeight = first?.offsetHeight ?? height;
    this.#readScroll();
    this.#top = this.#body.getBoundingClientRect().top + this.#scrolled;
  }

  #readScroll(): void {
    this.#scrolled = scrollY;
  }
}
