// Words the times of a contest.

import type { Contest } from "@leaderboard/client/browser";

import { formatDuration, formatTime } from "./format.js";

/** The part of a contest that its times are worded from. */
export type ContestTimes = Pick<Contest, "state" | "startsAt" | "endsAt" | "nextResetAt">;

/** A day: nearer times are counted down as well. */
const NEAR_MS = 86_400_000;

/**
 * Returns what happens next to the contest, or what has happened; empty if nothing will.
 *
 * @param now The time of now.
 * @param hasCountdown Whether near times are counted down; not where the text stays.
 */
export function timesText(times: ContestTimes, now: number, hasCountdown = true): string {
  const { state, startsAt, endsAt, nextResetAt } = times;
  if (state === "SCHEDULED") return startsAt ? `Opens ${formatTime(startsAt, now)}` : "Not open yet";
  if (state === "CLOSED") return endsAt ? `Closed ${formatTime(endsAt, now)}` : "Closed";
  const [event, time] = nextResetAt ? ["Season ends", nextResetAt] : ["Closes", endsAt];
  if (!time) return "";
  const left = time.getTime() - now;
  if (!hasCountdown || left >= NEAR_MS) return `${event} ${formatTime(time, now)}`;
  return left > 0 ? `${event} in ${formatDuration(left)}` : `${event} now`;
}

/** Returns the milliseconds until a contest opens; undefined if it does not have to. */
export function untilOpen({ state, startsAt }: ContestTimes, now: number): number | undefined {
  return state === "SCHEDULED" && startsAt ? Math.max(0, startsAt.getTime() - now) : undefined;
}
