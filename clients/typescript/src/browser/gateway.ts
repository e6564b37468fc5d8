// The gateway that a client uses: its URL and token, and what the browser reaches it with.

import { type Token, checkTokenOption, currentToken } from "../token.js";

/** The options of a client. */
export interface GatewayOptions {
  /**
   * The URL of the gateway, with the path that its own paths follow, if it has one. Default: the
   * origin of the page.
   */
  readonly baseUrl?: string | URL | undefined;
  /** The token of viewers. It needs https, unless the gateway is on this machine. */
  readonly token?: Token | undefined;
  /** Makes requests. Default: `fetch` of the browser. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Opens WebSockets. Default: `WebSocket` of the browser. */
  readonly WebSocket?: (new (url: string, protocols: string[]) => WebSocket) | undefined;
}

/** The subprotocol of watches; the gateway selects it. */
const PROTOCOL = "leaderboard.v1";

/** Begins a subprotocol that has the token, since a browser sends no other header. */
const TOKEN_PROTOCOL = "leaderboard.token.";

const LOOPBACK = /^(localhost|\[::1\]|127(\.\d+){3})$/;

/** A path of the gateway, with the values of its query. */
export interface Route {
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
}

/** A gateway. */
export class Gateway {
  readonly #base: URL;
  readonly #token: Token | undefined;
  readonly #fetch: typeof globalThis.fetch;
  readonly #WebSocket: new (url: string, protocols: string[]) => WebSocket;

  /** @throws TypeError if the URL or the token is invalid, or the token needs https. */
  constructor({ baseUrl = "/", token, fetch, WebSocket }: GatewayOptions) {
    this.#base = new URL(baseUrl, globalThis.location?.href);
    if (!/^https?:$/.test(this.#base.protocol)) {
      throw new TypeError(`'${this.#base.href}' is not an http or https URL`);
    }
    const { protocol, hostname } = this.#base;
    checkTokenOption(token, protocol === "https:" || LOOPBACK.test(hostname));
    this.#token = token;
    // The browser's function has to be called as a method of the window.
    this.#fetch = fetch ?? ((...request) => globalThis.fetch(...request));
    this.#WebSocket = WebSocket ?? globalThis.WebSocket;
  }

  /** Returns the token that is valid now; undefined without one. */
  async token(): Promise<string | undefined> {
    return this.#token === undefined ? undefined : currentToken(this.#token);
  }

  /**
   * Makes a GET request.
   *
   * @throws What `fetch` throws if there is no response.
   */
  get(route: Route, token: string | undefined, signal: AbortSignal): Promise<Response> {
    const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    return this.#fetch(this.#url(route).href, { headers, signal });
  }

  /** Begins to open a WebSocket. */
  open(route: Route, token: string | undefined): WebSocket {
    const url = this.#url(route);
    url.protocol = url.protocol.replace("http", "ws");
    const protocols = token === undefined ? [] : [`${TOKEN_PROTOCOL}${base64Url(token)}`];
    return new this.#WebSocket(url.href, [PROTOCOL, ...protocols]);
  }

  #url({ path, query }: Route): URL {
    const url = new URL(this.#base);
    url.pathname = url.pathname.replace(/\/*$/, path);
    url.search = new URLSearchParams(query.map((each) => [...each])).toString();
    url.hash = "";
    return url;
  }
}

function base64Url(ascii: string): string {
  return btoa(ascii).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
