// A service whose streams a test defines, and a watch of it.

import { type TestContext } from "node:test";

import { type MessageInitShape, create } from "@bufbuild/protobuf";

import { OpenCalls } from "../src/call-bounds.js";
import {
  EndReason,
  type RankedUserSchema,
  SnapshotReason,
  WatchContestResponseSchema,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";
import { Servers } from "../src/node/servers.js";
import type { Token } from "../src/token.js";
import { type WatchUpdate } from "../src/watch-update.js";
import { type WatchOptions, watch } from "../src/node/watch.js";
import { type Watch, relayTo, serve } from "./fake-service.js";

export type Event = NonNullable<MessageInitShape<typeof WatchContestResponseSchema>["event"]>;

export const OVER: Event = { case: "end", value: { reason: EndReason.CONTEST_OVER } };
export const DELETED: Event = { case: "end", value: { reason: EndReason.CONTEST_DELETED } };
export const DRAINING: Event = { case: "end", value: { reason: EndReason.DRAINING } };

export function snapshot(...users: string[]): Event {
  const reason = SnapshotReason.INITIAL;
  const value = { users: users.map(ranked), totalUsers: users.length, reason, season: 1 };
  return { case: "snapshot", value };
}

export function change(userId: string, place: number): Event {
  const changes = [{ user: ranked(userId, place - 1) }];
  return { case: "changes", value: { changes, totalUsers: 9 } };
}

/** Removals of users, each with its rank before; 0 after a resume. */
export function removals(...users: (readonly [userId: string, previousRank: number])[]): Event {
  const changes = users.map(([userId, previousRank]) => {
    return { user: { userId }, removed: true, previousRank, previousPlace: previousRank };
  });
  return { case: "changes", value: { changes, totalUsers: 5 } };
}

function ranked(userId: string, index: number): MessageInitShape<typeof RankedUserSchema> {
  return { userId, rank: index + 1, place: index + 1, score: 1n };
}

export function send(call: Watch, revision: number, previous: number, event: Event): void {
  const position = { epoch: "e", revision: BigInt(revision) };
  const previousRevision = BigInt(previous);
  call.write(create(WatchContestResponseSchema, { position, previousRevision, event }));
}

export interface Watched {
  updates: AsyncGenerator<WatchUpdate, void, undefined>;
  /** The revision after which each stream was requested to resume. */
  resumed: (bigint | undefined)[];
  open: OpenCalls;
  /** Makes the present connections dead. */
  mute: () => void;
}

/** Starts a service with one function for each stream, and watches a contest of it. */
export async function startWatch(
  context: TestContext,
  streams: ((call: Watch) => void)[],
  {
    options = {},
    idleTimeoutMs,
    token,
  }: { options?: WatchOptions; idleTimeoutMs?: number; token?: Token } = {},
): Promise<Watched> {
  const resumed: (bigint | undefined)[] = [];
  const service = await serve({
    watch: (call) => {
      call.on("error", () => undefined);
      streams[resumed.push(call.request.resumeAfter?.revision) - 1]?.(call);
    },
  });
  const relay = await relayTo(service.address);
  const open = new OpenCalls();
  context.after(() => {
    open.close();
    relay.stop();
    service.stop();
  });
  const updates = watch(
    new Servers(relay.address, { token }),
    open,
    "chess",
    options,
    idleTimeoutMs,
  );
  return { updates, resumed, open, mute: relay.mute };
}

export async function all(updates: AsyncIterable<WatchUpdate>): Promise<WatchUpdate[]> {
  const seen: WatchUpdate[] = [];
  for await (const update of updates) {
    seen.push(update);
  }
  return seen;
}

export function summarize(updates: readonly WatchUpdate[]): string[] {
  return updates.map(({ state, rows }) => [state, ...rows.map((row) => row.userId)].join(" "));
}
