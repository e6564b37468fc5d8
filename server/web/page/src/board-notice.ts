// Chooses what stands in the place of rows: nothing, a countdown, or why there are none.

import type { Contest } from "@leaderboard/client/browser";

import { untilOpen } from "./contest-text.js";
import { errorText } from "./error-text.js";
import { formatDuration } from "./format.js";
import type { NoticeText } from "./notice.js";
import type { BoardState } from "./state-text.js";

/** What is known of a board. */
export interface BoardKnown {
  readonly state: BoardState;
  readonly rows: number;
  /** The number of the season; 0 if the contest does not exist. */
  readonly season: number | undefined;
  readonly contest: Contest | undefined;
  readonly error: Error | undefined;
  /** Whether it is a season that is over. */
  readonly isKept: boolean;
  readonly hasControls: boolean;
  /** The address of the current season. */
  readonly currentSeason: string;
}

const ALL_BOARDS = { text: "All boards", href: "/boards" };

/** Returns the notice for a board; undefined for none. */
export function boardNotice(known: BoardKnown, now: number): NoticeText | undefined {
  const { state, rows, season, contest, error, isKept, hasControls } = known;
  const link = hasControls ? { link: ALL_BOARDS } : {};
  if (error) {
    const { title, advice } = errorText(error);
    const isSeasonGone = "reason" in error && error.reason === "ERROR_REASON_SEASON_NOT_FOUND";
    if (!isSeasonGone || !hasControls) return { title, text: advice, tone: "bad", ...link };
    const current = { text: "Current season", href: known.currentSeason };
    return { title, text: advice, tone: "bad", link: current };
  }
  if (state === "deleted") {
    const text = "Its standings are gone. If it begins again, they appear here.";
    return { title: "The contest was deleted", text, tone: "bad", ...link };
  }
  if (rows > 0 || state === "connecting") return undefined;
  if (season === 0) {
    const text = "It begins with its first score, which will appear here at once.";
    return { title: "This contest has not begun", text, ...link };
  }
  if (isKept || state === "over") {
    return { title: "No scores", text: "Nobody had a score when it ended." };
  }
  return openNotice(contest, now);
}

function openNotice(contest: Contest | undefined, now: number): NoticeText {
  const left = contest && untilOpen(contest, now);
  if (left === undefined || !contest?.startsAt) {
    return { title: "No scores yet", text: "The first one will appear here at once." };
  }
  const title = left > 0 ? `Opens in ${formatDuration(left)}` : "Opens now";
  return { title, text: "Scores will appear here at once." };
}
