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

/**
 * Returns how far a score is on the way from the last row to the first, from 0 to 1; 0 where all
 * scores are equal. The scale begins with the last row, since scores of a close contest hardly
 * differ from 0 on. It holds for both orders of scores.
 */
export function shareOf(score: bigint, first: bigint, last: bigint): number {
  if (first === last) return 0;
  return Math.min(Math.max(Number(score - last) / Number(first - last), 0), 1);
}
