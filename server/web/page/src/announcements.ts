// Words what a screen reader is to say about a change of the board.

import { formatNumber, nameOf } from "./format.js";

/** A row of the board, as far as announcements need it. */
export interface AnnouncedRow {
  readonly userId: string;
  readonly displayName: string;
  readonly score: bigint;
  readonly rank: number;
}

/** What was last announced, or would have been. */
export interface Standing {
  /** The row of the leader; undefined on an empty board. */
  readonly leader: AnnouncedRow | undefined;
  /** The viewer's own row; undefined if it is not known. */
  readonly own: AnnouncedRow | undefined;
}

/** Returns the sentences for what has changed between two standings; empty if nothing has. */
export function announce(before: Standing, now: Standing): string {
  const sentences = [];
  const { leader, own } = now;
  if (leader && before.leader && leader.userId !== before.leader.userId) {
    const isViewer = leader.userId === own?.userId;
    const subject = isViewer ? "You lead" : `${nameOf(leader)} leads`;
    sentences.push(`${subject} with ${formatNumber(leader.score)}.`);
  }
  if (own && before.own && own.rank !== before.own.rank && own.userId !== leader?.userId) {
    const direction = own.rank < before.own.rank ? "up" : "down";
    sentences.push(
      `You are ${direction} to rank ${formatNumber(own.rank)} with ${formatNumber(own.score)}.`,
    );
  }
  return sentences.join(" ");
}
