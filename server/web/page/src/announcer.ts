// Lets screen readers say what has changed, at most every few seconds.

import { type AnnouncedRow, type Standing, announce } from "./announcements.js";

const LEAST_INTERVAL_MS = 5_000;

/** Announces changes politely; those that come too soon are summed up. */
export class Announcer {
  readonly #element: HTMLElement;
  #said: Standing | undefined;
  #now: Standing = { leader: undefined, own: undefined };
  #sentence = "";
  #timer = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** @param element A live region of the page. */
  constructor(element: HTMLElement) {
    this.#element = element;
  }

  /** Notes the standing of now. The first one is where announcements begin. */
  observe(leader: AnnouncedRow | undefined, own: AnnouncedRow | undefined): void {
    this.#now = { leader, own };
    this.#said ??= this.#now;
    this.#schedule();
  }

  /** Begins again with the next standing, as on another board. */
  reset(): void {
    this.#said = undefined;
  }

  /** Announces a sentence before all else. */
  say(sentence: string): void {
    this.#sentence = sentence;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#saidAt + LEAST_INTERVAL_MS - performance.now());
    this.#timer = window.setTimeout(() => this.#speak(), wait);
  }

  #speak(): void {
    this.#timer = 0;
    const changes = this.#said ? announce(this.#said, this.#now) : "";
    const text = [this.#sentence, changes].filter(Boolean).join(" ");
    this.#sentence = "";
    if (this.#said) this.#said = withKnown(this.#now, this.#said);
    if (!text) return;
    this.#saidAt = performance.now();
    this.#element.textContent = text;
  }
}

/** Returns a standing; what it lacks, such as an own row that is being read, is as it was. */
function withKnown(now: Standing, before: Standing): Standing {
  return { leader: now.leader ?? before.leader, own: now.own ?? before.own };
}
