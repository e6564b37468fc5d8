// The panel that stands in the place of rows: an error, an empty board, a countdown.

import { make } from "./dom.js";

/** What a notice says. */
export interface NoticeText {
  readonly title: string;
  readonly text: string;
  readonly tone?: "bad" | "calm";
  readonly link?: { readonly text: string; readonly href: string };
}

/** A panel that is shown or empty. */
export class Notice {
  readonly #element: HTMLElement;
  #shown = "";

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  /** Shows a notice, or none. */
  show(notice: NoticeText | undefined): void {
    const key = JSON.stringify(notice ?? null);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#element.hidden = !notice;
    this.#element.replaceChildren(...(notice ? parts(notice) : []));
    this.#element.dataset["tone"] = notice?.tone ?? "calm";
  }
}

function parts({ title, text, link }: NoticeText): HTMLElement[] {
  const elements = [make("h2", {}, title), make("p", {}, text)];
  if (link)
    elements.push(make("p", {}, make("a", { class: "button", href: link.href }, link.text)));
  return elements;
}
