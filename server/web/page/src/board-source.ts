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
 * and then, since it may be opened again.
 */
export async function watchBoard(
  client: WebClient,
  contestId: string,
  limit: number,
  listener: BoardListener,
): Promise<void> {
  try {
    for (;;) {
      for await (const update of client.watch(contestId, { limit })) listener.update(update);
      await untilOpen(client, contestId);
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

async function untilOpen(client: WebClient, contestId: string): Promise<void> {
  do await pause(REVISIT_MS * (1 + Math.random() / 3));
  while (document.hidden || !(await isOpen(client, contestId)));
}

async function isOpen(client: WebClient, contestId: string): Promise<boolean> {
  try {
    for await (const contest of client.listContests({ idPrefix: contestId, pageSize: 1 })) {
      return contest.contestId === contestId && contest.state !== "CLOSED";
    }
  } catch {
    // The gateway may be away. What is shown stays true, and it is looked at again.
  }
  return false;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
