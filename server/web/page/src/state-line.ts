// The line that says how certain the board is: live, reconnecting, or so many seconds behind.

import type { Announcer } from "./announcer.js";
import { setText } from "./dom.js";
import { type BoardState, type Connection, certainState, stateText } from "./state-text.js";

/** The states that are announced when they begin, and how. */
const ANNOUNCED: Partial<Record<BoardState, string>> = {
  live: "The board is live again.",
  reconnecting: "The connection is lost. The board may be behind.",
  over: "The contest is over. This is the final board.",
  deleted: "The contest was deleted.",
};

/** The state of the connection, in words and for scripts. */
export class StateLine {
  readonly #line: HTMLElement;
  readonly #text: HTMLElement;
  readonly #main: HTMLElement;
  readonly #announcer: Announcer;

  constructor(line: HTMLElement, main: HTMLElement, announcer: Announcer) {
    this.#line = line;
    this.#text = line.querySelector("[data-text]") ?? line;
    this.#main = main;
    this.#announcer = announcer;
  }

  /** Shows a state. */
  show(connection: Connection): void {
    const { tone, text } = stateText(connection);
    this.#line.dataset["tone"] = tone;
    setText(this.#text, text);
    const before = this.#main.dataset["state"];
    const state = certainState(connection);
    if (before === state) return;
    this.#main.dataset["state"] = state;
    const sentence = ANNOUNCED[state];
    const isExpected = connection.isKept || (state === "live" && before === "connecting");
    if (sentence && !isExpected) this.#announcer.say(sentence);
  }
}
