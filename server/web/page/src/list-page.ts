// The list of all boards: a page of contests at a time, and a search by the begin of their ids.

import type { WebClient, Contest } from "@leaderboard/client/browser";

import { timesText } from "./contest-text.js";
import { byId, isolated, make } from "./dom.js";
import { errorText } from "./error-text.js";
import { formatCount } from "./format.js";
import { Notice } from "./notice.js";
import { boardAddress } from "./options.js";

const PAGE_SIZE = 50;
const TYPING_MS = 250;

/** What a state is called; an open contest needs no word. */
const STATES: Readonly<Record<string, string>> = { SCHEDULED: "Not open yet", CLOSED: "Final" };

/** The list of all boards. */
export class ListPage {
  readonly #client: WebClient;
  readonly #list = byId("contests");
  readonly #more = byId("more") as HTMLButtonElement;
  readonly #search = byId("search") as HTMLInputElement;
  readonly #count = byId("count");
  readonly #notice = new Notice(byId("notice"));
  #contests: AsyncIterator<Contest> | undefined;
  #aborter = new AbortController();
  /** The contest after those that are shown, read to know whether there is one. */
  #next: Contest | undefined;
  #shown = 0;
  #timer = 0;

  constructor(client: WebClient) {
    this.#client = client;
  }

  /** Reads the first page, and more of them when they are asked for. */
  start(): void {
    this.#search.value = new URLSearchParams(location.search).get("prefix") ?? "";
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#find(), TYPING_MS);
    });
    this.#more.addEventListener("click", () => {
      if (this.#contests) void this.#readPage();
      else this.#find();
    });
    this.#find();
  }

  #find(): void {
    const prefix = this.#search.value.trim();
    history.replaceState(
      null,
      "",
      prefix ? `?prefix=${encodeURIComponent(prefix)}` : location.pathname,
    );
    this.#aborter.abort();
    this.#aborter = new AbortController();
    const { signal } = this.#aborter;
    const options = { idPrefix: prefix, pageSize: PAGE_SIZE + 1, signal };
    this.#contests = this.#client.listContests(options)[Symbol.asyncIterator]();
    this.#next = undefined;
    this.#shown = 0;
    void this.#readPage();
  }

  async #readPage(): Promise<void> {
    const { signal } = this.#aborter;
    const contests = this.#contests;
    if (!contests) return;
    try {
      const page: Contest[] = this.#next ? [this.#next] : [];
      this.#next = undefined;
      while (page.length <= PAGE_SIZE) {
        const { value, done } = await contests.next();
        if (signal.aborted) return;
        if (done) break;
        page.push(value);
      }
      if (page.length > PAGE_SIZE) this.#next = page.pop();
      this.#show(page.map(itemOf));
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  #show(items: readonly HTMLElement[]): void {
    const isFirst = this.#shown === 0;
    if (isFirst) this.#list.replaceChildren();
    this.#list.append(...items);
    if (!isFirst) items[0]?.querySelector("a")?.focus();
    this.#shown += items.length;
    this.#more.hidden = !this.#next;
    const known = formatCount(this.#shown, "board", "boards");
    this.#count.textContent = this.#next ? `The first ${known}` : known;
    this.#notice.show(this.#shown === 0 ? this.#nothing() : undefined);
  }

  #nothing(): { title: string; text: string } {
    return this.#search.value
      ? { title: "No board found", text: "No id of a contest begins with these letters." }
      : { title: "No boards yet", text: "A contest begins with its first score." };
  }

  #fail(error: unknown): void {
    // The contests end with an error; more of them are read from the beginning again.
    this.#contests = undefined;
    if (this.#shown === 0) {
      this.#list.replaceChildren();
      this.#count.textContent = "";
      this.#more.hidden = true;
    }
    const { title, advice } = errorText(error instanceof Error ? error : new Error(String(error)));
    this.#notice.show({ title, text: advice, tone: "bad" });
    byId("notice").scrollIntoView({ block: "nearest" });
  }
}

function itemOf(contest: Contest): HTMLElement {
  const { contestId, displayName, totalUsers, state } = contest;
  const name = make("a", { href: boardAddress(contestId) }, isolated(displayName || contestId));
  const badge = make("span", { class: "badge", "data-state": state }, STATES[state] ?? "Open");
  const facts = [formatCount(totalUsers, "player", "players"), timesText(contest, Date.now(), false)];
  const about = make(
    "p",
    { class: "facts" },
    ...facts.filter(Boolean).map((fact) => make("span", {}, fact)),
  );
  if (displayName) about.prepend(isolated(contestId, "id"));
  return make("li", { class: "contest" }, make("h2", {}, name), badge, about);
}
