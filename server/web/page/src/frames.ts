// Draws at most once a frame, and not at all while the page is hidden.

/** Draws the latest state: in the next frame, or at once when the page is shown again. */
export class Frames {
  readonly #draw: (isCatchUp: boolean) => void;
  #frame = 0;

  /** @param draw Draws; `isCatchUp` is true if the page was hidden since it drew before. */
  constructor(draw: (isCatchUp: boolean) => void) {
    this.#draw = draw;
    document.addEventListener("visibilitychange", () => this.#onVisibility());
  }

  /** Asks for a drawing. */
  request(): void {
    if (!document.hidden && !this.#frame) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#draw(false);
      });
    }
  }

  #onVisibility(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!document.hidden) this.#draw(true);
  }
}
