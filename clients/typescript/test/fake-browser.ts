// The parts of a browser that a watch needs, moved by a test.

import type { TestContext } from "node:test";

import type { WebClientOptions } from "../src/browser/index.js";

/** A WebSocket that does what a test says. */
export class FakeSocket extends EventTarget {
  readonly url: string;
  isClosed = false;

  constructor(url: string) {
    super();
    this.url = url;
  }

  open(): this {
    this.dispatchEvent(new Event("open"));
    return this;
  }

  say(data: string): this {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
    return this;
  }

  drop(code = 1006, reason = ""): void {
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason }));
  }

  close(): void {
    this.isClosed = true;
  }
}

export interface FakeBrowser {
  /** The options of a client that uses it. */
  readonly options: WebClientOptions;
  /** The WebSockets in the order of their opening. */
  readonly sockets: readonly FakeSocket[];
  /** Returns the WebSocket with a number, when it is there. */
  readonly socket: (number: number) => Promise<FakeSocket>;
  /** The URLs that were fetched. */
  readonly fetched: readonly string[];
}

/** Returns a browser that answers requests as a function says. */
export function fakeBrowser(
  respond: () => Response | Error = () => new Response("{}"),
): FakeBrowser {
  const [sockets, fetched]: [FakeSocket[], string[]] = [[], []];
  const opened = new EventTarget();
  const open = function (url: string): FakeSocket {
    const socket = new FakeSocket(url);
    sockets.push(socket);
    queueMicrotask(() => opened.dispatchEvent(new Event("opened")));
    return socket;
  };
  const fetch = (url: string | URL | Request): Promise<Response> => {
    fetched.push(String(url));
    const response = respond();
    return response instanceof Error ? Promise.reject(response) : Promise.resolve(response);
  };
  return {
    options: {
      baseUrl: "http://gateway.example",
      fetch: fetch as typeof globalThis.fetch,
      WebSocket: open as unknown as NonNullable<WebClientOptions["WebSocket"]>,
    },
    sockets,
    socket: async (number) => {
      for (;;) {
        const socket = sockets[number];
        if (socket) {
          return socket;
        }
        await new Promise((resolve) => {
          opened.addEventListener("opened", resolve, { once: true });
        });
      }
    },
    fetched,
  };
}

/** Sets global values, as a browser has them, for a test. */
export function setGlobals(context: TestContext, values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    context.after(() => {
      if (before) {
        Object.defineProperty(globalThis, name, before);
      } else {
        Reflect.deleteProperty(globalThis, name);
      }
    });
  }
}
