// Starts a page, and says what is wrong where that is not possible.

import { byId } from "./dom.js";
import { errorText } from "./error-text.js";
import { Notice } from "./notice.js";

/** Starts a page. A token that can't be used, for instance, is an error that a viewer must see. */
export function startPage(start: () => void): void {
  try {
    start();
  } catch (error) {
    const { title, advice } = errorText(error instanceof Error ? error : new Error(String(error)));
    document.querySelector("main")?.setAttribute("data-state", "error");
    document.getElementById("state")?.setAttribute("hidden", "");
    new Notice(byId("notice")).show({ title, text: advice, tone: "bad" });
  }
}
