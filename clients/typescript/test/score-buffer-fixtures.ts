// A score buffer with a test's `send` function, and its results.

import { OpenCalls } from "../src/call-bounds.js";
import { InvalidRequestError, UnavailableError } from "../src/errors.js";
import type { BatchResult, ScoreUpdate } from "../src/model.js";
import { ScoreBuffer, type Send } from "../src/node/score-buffer.js";
import type { ScoreBufferOptions } from "../src/node/score-buffer-options.js";

export const ACCEPTED: BatchResult = {
  ok: true,
  result: {
    user: { userId: "ada", score: 1n, rank: 1, place: 1, displayName: "", attributes: {} },
    previousScore: 0n,
    previousRank: 0,
    previousPlace: 0,
    applied: true,
    replayed: false,
    position: { epoch: "e", revision: 1n },
  },
};
export const UNAVAILABLE_RESULT: BatchResult = {
  ok: false,
  error: new UnavailableError("UNAVAILABLE", "unavailable"),
};
export const REFUSED: BatchResult = {
  ok: false,
  error: new InvalidRequestError("INVALID_ARGUMENT", "no"),
};

export function bufferOf(
  send: Send,
  options: Partial<ScoreBufferOptions> = {},
): { buffer: ScoreBuffer; refused: string[]; open: OpenCalls } {
  const refused: string[] = [];
  const onError = (update: ScoreUpdate): number => refused.push(update.userId);
  const open = new OpenCalls();
  return { buffer: new ScoreBuffer(send, open, { onError, ...options }), refused, open };
}

export function update(userId: string): ScoreUpdate {
  return { contestId: "chess", userId, points: 1 };
}

export function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
