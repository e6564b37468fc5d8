// Watches a contest over gRPC streams.

import type { OpenCalls } from "../call-bounds.js";
import { encode, encodeEnum, encodeUserIds } from "../encoding.js";
import {
  type WatchContestRequest,
  WatchContestRequestSchema,
  WatchScope as Scope,
} from "../gen/leaderboard/v1/leaderboard_pb.js";
import { Reconnects } from "../reconnects.js";
import { IDLE_TIMEOUT_MS, type StreamSource, watchStreams } from "../watch-loop.js";
import type { WatchUpdate } from "../watch-update.js";
import type { Servers } from "./servers.js";
import { encodeDuration } from "./times.js";
import { messages } from "./watch-stream.js";

/**
 * The changes that a watch receives: those that affect the first rows, all changes, or those of
 * some users.
 */
export type WatchScope = "TOP" | "ALL" | "USERS";

/** The options of a watch. */
export interface WatchOptions {
  /** The number of first rows to watch, from 1 to 1,000. Default: 10. */
  readonly limit?: number | undefined;
  /** The changes that the watch receives. Default: `TOP`. */
  readonly scope?: WatchScope | undefined;
  /** The users to watch with the scope `USERS`, 1 to 1,000. */
  readonly userIds?: Iterable<string> | undefined;
  /**
   * The minimum milliseconds between two messages of changes with the scope `TOP`, up to 60,000;
   * the changes in between are merged.
   */
  readonly minIntervalMs?: number | undefined;
  /** Aborts the watch at once; the iteration then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Yields the updates of a watch; see `Client.watch`. */
export function watch(
  servers: Servers,
  open: OpenCalls,
  contestId: string,
  options: WatchOptions,
  idleTimeoutMs = IDLE_TIMEOUT_MS,
): AsyncGenerator<WatchUpdate, void, undefined> {
  const source: StreamSource = {
    encodeRequest: () => encodeRequest(contestId, options),
    messages: (request, bounds) => messages(servers, request, bounds, idleTimeoutMs),
    reconnects: new Reconnects(servers.spares),
  };
  return watchStreams(source, open, options.signal);
}

function encodeRequest(contestId: string, options: WatchOptions): WatchContestRequest {
  return encode(WatchContestRequestSchema, {
    contestId,
    scope: encodeEnum("scope", Scope, options.scope ?? "TOP"),
    limit: options.limit ?? 0,
    userIds: encodeUserIds(options.userIds ?? []),
    minInterval: encodeDuration("min_interval", options.minIntervalMs ?? 0),
  });
}
