// Moves rows to their new place, flashes gains and fades marks, by animations that cost no layout.

import { TextCell } from "./dom.js";

const MOVE: KeyframeAnimationOptions = {
  duration: 520,
  easing: "cubic-bezier(0.22, 0.9, 0.24, 1)",
};
const GLOW: KeyframeAnimationOptions = { duration: 1_600, easing: "ease-out" };
const MARK_MS = 4_000;
const MARK_KEYFRAMES = [
  { opacity: 0, transform: "translateY(35%)" },
  { opacity: 1, transform: "none", offset: 0.05 },
  { opacity: 1, transform: "none", offset: 0.75 },
  { opacity: 0, transform: "none" },
];

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** Returns whether rows may move and flash. */
export function isMotionWelcome(): boolean {
  return !reducedMotion.matches && !document.hidden;
}

/** The movement of one row. A new one begins where the row is seen at that moment. */
export class Movement {
  readonly #element: HTMLElement;
  #animation: Animation | undefined;
  #from = 0;

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  /**
   * Moves the row from where it was to where it now is.
   *
   * @param distance The pixels from the new place of the row to its old one, downwards.
   */
  start(distance: number): void {
    const from = distance + this.#remaining();
    this.stop();
    if (Math.abs(from) < 1) return;
    this.#from = from;
    this.#element.classList.toggle("is-rising", from > 0);
    const keyframes = [{ transform: `translateY(${from}px)` }, { transform: "none" }];
    const animation = this.#element.animate(keyframes, MOVE);
    animation.onfinish = () => this.stop();
    this.#animation = animation;
  }

  /** Puts the row in its place at once. */
  stop(): void {
    if (!this.#animation) return;
    this.#animation.onfinish = null;
    this.#animation.cancel();
    this.#animation = undefined;
    this.#element.classList.remove("is-rising");
  }

  /** Returns the pixels that the row still is away from its place. */
  #remaining(): number {
    const progress = this.#animation?.effect?.getComputedTiming().progress;
    return typeof progress === "number" ? this.#from * (1 - progress) : 0;
  }
}

/** Lets a new row appear. */
export function appear(element: HTMLElement): void {
  element.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 400, easing: "ease-out" });
}

/** Flashes the background of a row. */
export function glow(element: HTMLElement): void {
  const keyframes = [{ opacity: 1 }, { opacity: 0 }];
  element.animate(keyframes, { ...GLOW, pseudoElement: "::before" });
}

/** A text beside a value, such as `+3`, that is shown for some seconds. */
export class Mark {
  readonly element: HTMLElement;
  readonly #text: TextCell;
  #animation: Animation | undefined;

  constructor(element: HTMLElement) {
    this.element = element;
    this.#text = new TextCell(element);
  }

  /** Shows a text; without motion it does not move or fade. */
  show(text: string): void {
    this.#text.set(text);
    this.#animation?.cancel();
    const keyframes = isMotionWelcome() ? MARK_KEYFRAMES : [{ opacity: 1 }, { opacity: 1 }];
    this.#animation = this.element.animate(keyframes, { duration: MARK_MS, easing: "ease-out" });
  }
}
