// The two sources of a board: a watch that goes on, and the standings of a season that is over.

import type { WebClient, WatchUpdate } from "@leaderboard/client/browser";

/** Where the updates of a board go. */
export interface BoardListener {
  update(board: WatchUpdate): void;
  fail(error: unknown): void;
}

const REVISIT_MS = 45_000;

/**
 * Watches a contest for as long as the page is open. One that is over or deleted is looked at now
 * and then, since it may be opened, deleted or begun again.
 */
export async function watchBoard(
  client: WebClient,
  contestId: string,
  limit: number,
  listener: BoardListener,
): Promise<void> {
  try {
    for (;;) {
      let last: WatchUpdate | undefined;
      for await (const update of client.watch(contestId, { limit })) {
        last = withoutDeleted(update);
        listener.update(last);
      }
      await untilOpen(client, contestId, last, listener);
    }
  } catch (error) {
    listener.fail(error);
  }
}

/**
 * Reads the standings of a season that is kept; returns false if it is the current one, which goes
 * on.
 */
export async function readSeason(
  client: WebClient,
  contestId: string,
  { limit, season }: { readonly limit: number; readonly season: number },
  listener: BoardListener,
): Promise<boolean> {
  try {
    const { users, totalUsers, position } = await client.getTopUsers(contestId, { limit, season });
    const current = (await client.getContest(contestId)).season;
    const number = season > 0 ? season : current + season;
    if (number === current) return false;
    listener.update({
      state: "OVER",
      rows: users,
      totalUsers,
      position,
      season: number,
      changes: [],
      snapshotReason: "INITIAL",
      message: undefined,
      trouble: undefined,
    });
  } catch (error) {
    listener.fail(error);
  }
  return true;
}

/** Returns an update as it is; that of a deleted contest has nothing of its board any more. */
function withoutDeleted(update: WatchUpdate): WatchUpdate {
  if (update.state !== "DELETED") return update;
  const gone = { totalUsers: undefined, position: undefined, season: undefined };
  return { ...update, ...gone, rows: [], changes: [] };
}

/** Waits until a contest can be watched again, and reports that one that was over is deleted. */
async function untilOpen(
  client: WebClient,
  contestId: string,
  last: WatchUpdate | undefined,
  listener: BoardListener,
): Promise<void> {
  let isDeleted = last?.state === "DELETED";
  for (;;) {
    await pause(REVISIT_MS * (1 + Math.random() / 3));
    if (document.hidden) continue;
    const state = await lookAt(client, contestId);
    if (state === "DELETED" && last && !isDeleted) {
      isDeleted = true;
      listener.update(withoutDeleted({ ...last, state, message: undefined }));
    }
    if (state === "OPEN") return;
  }
}

async function lookAt(
  client: WebClient,
  contestId: string,
): Promise<"OPEN" | "CLOSED" | "DELETED" | undefined> {
  try {
    for await (const contest of client.listContests({ idPrefix: contestId, pageSize: 1 })) {
      if (contest.contestId !== contestId) break;
      return contest.state === "CLOSED" ? "CLOSED" : "OPEN";
    }
    return "DELETED";
  } catch {
    return undefined; // The gateway may be away. What is shown stays, and is looked at again.
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
