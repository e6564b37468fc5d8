// One WebSocket of a watch.

import { type CallBounds, onAbort } from "../call-bounds.js";
import {
  type WatchContestRequest,
  type WatchContestResponse,
  WatchContestResponseSchema,
} from "../gen/leaderboard/v1/leaderboard_pb.js";
import { tokenInTime, withIdleTimeout } from "../idle-timeout.js";
import { StreamLostError } from "../watch-update.js";
import type { Gateway, Route } from "./gateway.js";
import { getJson } from "./http-calls.js";
import { messageOf, parseJson } from "./json.js";
import { contestPath, positionText } from "./routes.js";
import { type Closed, SocketMessages } from "./socket-messages.js";

/** The codes of a gateway that refuses the watch: for good, or while it is overloaded. */
const REFUSED: ReadonlySet<number> = new Set([1008, 1011, 1013]);

/**
 * Yields the messages of one WebSocket, and a StreamLostError when the gateway has lost the service;
 * returns after an `end` message.
 *
 * @param idleTimeoutMs The milliseconds without a message after which the WebSocket is dead.
 * @throws LeaderboardError or StreamLostError if it can't be opened, breaks or times out.
 */
export async function* messages(
  gateway: Gateway,
  request: WatchContestRequest,
  bounds: CallBounds,
  idleTimeoutMs: number,
): AsyncGenerator<WatchContestResponse | StreamLostError, void, undefined> {
  const route = watchRoute(request);
  const token = await tokenInTime(bounds.waitFor(gateway.token()), idleTimeoutMs);
  const socket = new SocketMessages(gateway.open(route, token));
  const removeListener = onAbort(bounds.signal, () => socket.close());
  try {
    for (;;) {
      const next = await withIdleTimeout(bounds.waitFor(socket.next()), idleTimeoutMs);
      if (!("data" in next)) {
        throw await troubleOf(next, gateway, request, token, bounds);
      }
      const message = eventOf(next.data);
      if (message) {
        yield message;
      }
      if (message && "event" in message && message.event.case === "end") {
        return;
      }
    }
  } finally {
    removeListener();
    socket.close();
  }
}

function watchRoute({ contestId, limit, resumeAfter }: WatchContestRequest): Route {
  const { path, query } = boardRoute(contestId, limit, "/watch");
  const resume = resumeAfter ? [["resume_after", positionText(resumeAfter)] as const] : [];
  return { path, query: [...query, ...resume] };
}

function boardRoute(contestId: string, limit: number, part: "/watch" | "/top"): Route {
  return {
    path: contestPath(contestId) + part,
    query: limit ? [["limit", String(limit)]] : [],
  };
}

/** Returns a message of the contract, or the loss of the service; undefined for unknown ones. */
function eventOf(data: unknown): WatchContestResponse | StreamLostError | undefined {
  const json = parseJson(data);
  if (typeof json === "object" && json && "serviceLost" in json) {
    return new StreamLostError("the gateway has lost the service");
  }
  const message = messageOf(WatchContestResponseSchema, json);
  return message.event.case && message;
}

/**
 * Returns why a WebSocket has ended.
 *
 * A browser hides the response to a handshake, and a close has room for a short text only: where the
 * gateway may have refused the watch, the same board is read once, which is refused likewise. Also
 * the board of a contest that does not exist can be read and watched.
 */
async function troubleOf(
  { code, reason, wasOpen }: Closed,
  gateway: Gateway,
  { contestId, limit }: WatchContestRequest,
  token: string | undefined,
  bounds: CallBounds,
): Promise<unknown> {
  if (!wasOpen || REFUSED.has(code)) {
    try {
      await getJson(gateway, boardRoute(contestId, limit, "/top"), token, bounds);
    } catch (error) {
      return error;
    }
  }
  const what = wasOpen ? `the WebSocket was closed (${code})` : "the WebSocket can't be opened";
  return new StreamLostError(reason ? `${what}: ${reason}` : what);
}
