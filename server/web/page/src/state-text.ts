// Words the state of the connection and of the contest.

import { formatDuration } from "./format.js";

/** The state of the page, as its `data-state` says it. */
export type BoardState = "connecting" | "live" | "reconnecting" | "over" | "deleted" | "error";

/** What is known of the connection. */
export interface Connection {
  readonly state: BoardState;
  /** The milliseconds since the board was last certain; undefined before the first message. */
  readonly behindMs: number | undefined;
  /** Whether the browser has a network. */
  readonly isOnline: boolean;
  /** Whether the standings are those of a season that is over. */
  readonly isKept: boolean;
  /** Whether the contest has yet to open. */
  readonly isScheduled: boolean;
}

/** The tone of a state: its colour and its mark. */
export type Tone = "good" | "wait" | "bad" | "final";

/** A state in words. */
export interface StateText {
  readonly tone: Tone;
  readonly text: string;
}

/** A lost connection is only said to be lost before these milliseconds have passed. */
const SOON_MS = 3_000;

/** The service sends a message at least every 18 s; a longer silence is not certain to be calm. */
const SILENCE_MS = 20_000;

/** Returns the state, of which a silence makes one that is not certain to be live any more. */
export function certainState({ state, behindMs = 0, isOnline }: Connection): BoardState {
  const isSilent = behindMs > (isOnline ? SILENCE_MS : SOON_MS);
  return state === "live" && isSilent ? "reconnecting" : state;
}

/** Returns the words for a state. */
export function stateText(connection: Connection): StateText {
  const state = certainState(connection);
  const { behindMs, isOnline, isKept } = connection;
  switch (state) {
    case "connecting":
      return { tone: "wait", text: isOnline ? "Connecting\u2026" : "Offline" };
    case "live":
      return connection.isScheduled
        ? { tone: "final", text: "Not open yet" }
        : { tone: "good", text: "Live" };
    case "reconnecting":
      return { tone: "wait", text: lostText(behindMs ?? 0, isOnline) };
    case "over":
      return { tone: "final", text: isKept ? "Final standings" : "Final" };
    case "deleted":
      return { tone: "bad", text: "Deleted" };
    case "error":
      return { tone: "bad", text: "Not available" };
  }
}

function lostText(behindMs: number, isOnline: boolean): string {
  if (!isOnline) return `Offline, ${behindText(behindMs)}`;
  return behindMs < SOON_MS ? "Reconnecting\u2026" : behindText(behindMs);
}

function behindText(behindMs: number): string {
  return `${formatDuration(Math.floor(behindMs / 1_000) * 1_000)} behind`;
}
