// A gateway whose WebSockets and responses a test defines, and a client of it.

import { type IncomingMessage, STATUS_CODES, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

import { create, toJson } from "@bufbuild/protobuf";
import { WebSocket, WebSocketServer } from "ws";

import { WebClient, type WebClientOptions } from "../src/browser/index.js";
import { WatchContestResponseSchema } from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import type { Event } from "./watch-fixtures.js";

/** The response to a request, or to the handshake of a WebSocket that is refused. */
export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What happens to one WebSocket. */
export type Socket = Answer | ((socket: WebSocket) => void);

/** A request as the gateway received it. */
export interface Seen {
  /** The path with the query. */
  readonly url: string;
  readonly token: string | undefined;
  /** The subprotocols of a WebSocket. */
  readonly protocols: readonly string[] | undefined;
}

export interface Gateway {
  readonly url: string;
  readonly client: WebClient;
  /** The requests for WebSockets. */
  readonly watches: readonly Seen[];
  /** All other requests. */
  readonly reads: readonly Seen[];
}

export const EMPTY_BOARD = { users: [], totalUsers: 0, position: { epoch: "", revision: "0" } };

/** WebSockets of a library, as a browser's. */
export const WS = WebSocket as unknown as NonNullable<WebClientOptions["WebSocket"]>;

/**
 * Starts a gateway with one item for each WebSocket; the last one is for all others too. It and its
 * client end with the test.
 */
export async function startGateway(
  context: TestContext,
  {
    sockets = [],
    read = () => ({ body: EMPTY_BOARD }),
    options = {},
  }: {
    sockets?: readonly Socket[];
    read?: (seen: Seen, count: number) => Answer | Promise<Answer>;
    options?: WebClientOptions;
  },
): Promise<Gateway> {
  const [watches, reads]: [Seen[], Seen[]] = [[], []];
  const server = createServer((request, response) => {
    const seen = seenOf(request);
    void respond(response, read(seen, reads.push(seen)));
  });
  const accept = new WebSocketServer({ noServer: true, handleProtocols: selectProtocol });
  server.on("upgrade", (request, raw, head) => {
    const socket = sockets[Math.min(watches.push(seenOf(request)), sockets.length) - 1];
    if (typeof socket === "function") {
      accept.handleUpgrade(request, raw, head, socket);
    } else {
      const status = socket?.status ?? 500;
      raw.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-length: 0\r\n\r\n`);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new WebClient({ baseUrl: url, WebSocket: WS, ...options });
  context.after(() => {
    client.close();
    accept.clients.forEach((socket) => socket.terminate());
    server.close();
    server.closeAllConnections();
  });
  return { url, client, watches, reads };
}

async function respond(
  response: ServerResponse<IncomingMessage>,
  answer: Answer | Promise<Answer>,
): Promise<void> {
  const { status = 200, body, headers } = await answer;
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

function selectProtocol(protocols: ReadonlySet<string>): string | false {
  return protocols.has("leaderboard.v1") ? "leaderboard.v1" : false;
}

/** Returns the answer of a gateway that refuses a request. */
export function problem(
  status: number,
  members: object = {},
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body = { type: "about:blank", title: STATUS_CODES[status], status, ...members };
  return { status, body, headers: { "content-type": "application/problem+json", ...headers } };
}

/** Returns a message of the contract as JSON, with defaults as the gateway has them. */
export function message(revision: number, previous: number, event: Event, epoch = "e"): string {
  const response = create(WatchContestResponseSchema, {
    position: { epoch, revision: BigInt(revision) },
    previousRevision: BigInt(previous),
    event,
  });
  return JSON.stringify(
    toJson(WatchContestResponseSchema, response, { alwaysEmitImplicit: true }),
  );
}

function seenOf({ url = "", headers }: IncomingMessage): Seen {
  const { authorization } = headers;
  return {
    url,
    token: authorization?.replace(/^Bearer /, ""),
    protocols: headers["sec-websocket-protocol"]?.split(/, */),
  };
}
