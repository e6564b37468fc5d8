// Watches a contest over WebSockets.

import type { OpenCalls } from "../call-bounds.js";
import { encode } from "../encoding.js";
import { WatchContestRequestSchema, WatchScope } from "../gen/leaderboard/v1/leaderboard_pb.js";
import { Reconnects } from "../reconnects.js";
import { IDLE_TIMEOUT_MS, type StreamSource, watchStreams } from "../watch-loop.js";
import type { WatchUpdate } from "../watch-update.js";
import type { Gateway } from "./gateway.js";
import { sleepUntilWoken } from "./wake.js";
import { messages } from "./watch-socket.js";

/** The options of a watch. */
export interface WatchOptions {
  /** The number of first rows to watch, from 1 to 1,000. Default: 10. */
  readonly limit?: number | undefined;
  /** Aborts the watch at once; the iteration then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Yields the updates of a watch; see `WebClient.watch`. */
export function watch(
  gateway: Gateway,
  open: OpenCalls,
  contestId: string,
  { limit = 0, signal }: WatchOptions,
  idleTimeoutMs = IDLE_TIMEOUT_MS,
): AsyncGenerator<WatchUpdate, void, undefined> {
  const source: StreamSource = {
    encodeRequest: () =>
      encode(WatchContestRequestSchema, { contestId, limit, scope: WatchScope.TOP }),
    messages: (request, bounds) => messages(gateway, request, bounds, idleTimeoutMs),
    // A gateway has many thousands of watchers: while it is away, delays grow up to the limit.
    reconnects: new Reconnects(0, { pause: sleepUntilWoken, counted: (failed) => failed }),
  };
  return watchStreams(source, open, signal);
}
