// Says which rows share a rank and which ones lead.

/** What of a row decides on its rank. */
interface Ranked {
  readonly rank: number;
}

/** The ranks that stand out. */
const LEADING_RANKS = 3;

/** The most rows that stand out. With more, such as at a start with equal scores, none do. */
const MOST_LEADERS = 6;

/** Returns whether a row shares its rank with the row before or after it. */
export function isShared(rows: readonly Ranked[], index: number): boolean {
  const rank = rows[index]?.rank;
  return rank === rows[index - 1]?.rank || rank === rows[index + 1]?.rank;
}

/** Returns how many of the first rows stand out as leaders. */
export function countLeaders(rows: readonly Ranked[]): number {
  let count = 0;
  while (count < rows.length && (rows[count] as Ranked).rank <= LEADING_RANKS) count++;
  return count > MOST_LEADERS ? 0 : count;
}

/** Returns how near a score is to that of the leader, from 0 to 1. */
export function shareOf(score: bigint, leader: bigint, isLowestFirst: boolean): number {
  const [part, whole] = isLowestFirst ? [leader, score] : [score, leader];
  if (whole <= 0n || part <= 0n) return 0;
  return Math.min(Number(part) / Number(whole), 1);
}
