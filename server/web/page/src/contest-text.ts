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
 * @param now The time of now; undefined where the text stays, so that nothing is counted down.
 */
export function timesText(times: ContestTimes, now: number | undefined): string {
  const { state, startsAt, endsAt, nextResetAt } = times;
  if (state === "SCHEDULED") return startsAt ? `Opens ${formatTime(startsAt)}` : "Not open yet";
  if (state === "CLOSED") return endsAt ? `Closed ${formatTime(endsAt)}` : "Closed";
  if (nextResetAt) return upcoming("Season ends", nextResetAt, now);
  return endsAt ? upcoming("Closes", endsAt, now) : "";
}

/** Returns the milliseconds until a contest opens; undefined if it does not have to. */
export function untilOpen({ state, startsAt }: ContestTimes, now: number): number | undefined {
  return state === "SCHEDULED" && startsAt ? Math.max(0, startsAt.getTime() - now) : undefined;
}

function upcoming(event: string, time: Date, now: number | undefined): string {
  const left = now === undefined ? NEAR_MS : time.getTime() - now;
  if (left <= 0) return `${event} now`;
  return left < NEAR_MS ? `${event} in ${formatDuration(left)}` : `${event} ${formatTime(time)}`;
}
