// Options of a score buffer, with their defaults and ranges.

import { MAX_TIMER_MS } from "../call-bounds.js";
import type { ScoreUpdate } from "../model.js";

/** The options of a score buffer. */
export interface ScoreBufferOptions {
  /** Called for each update that is refused for good or given up, with its request id. */
  readonly onError: (update: ScoreUpdate, error: Error) => void;
  /** The number of updates that may be queued or in flight; `add` then waits. Default: 10,000. */
  readonly maxPending?: number | undefined;
  /** The maximum number of updates in a batch, up to 1,000. Default: 500. */
  readonly batchSize?: number | undefined;
  /** The milliseconds that an update waits for others to fill its batch. Default: 50. */
  readonly lingerMs?: number | undefined;
  /** The milliseconds from its `add` after which an update is given up. Default: 60,000. */
  readonly giveUpAfterMs?: number | undefined;
}

/** The options of a buffer with their defaults. */
export type BufferSettings = {
  readonly [Name in keyof ScoreBufferOptions]-?: NonNullable<ScoreBufferOptions[Name]>;
};

/** The number of updates that the service accepts in one batch. */
const MAX_BATCH = 1_000;

/**
 * Returns the options with their defaults.
 *
 * @throws TypeError if `onError` is missing, or RangeError if another option is out of its range.
 */
export function settingsOf(options: ScoreBufferOptions): BufferSettings {
  if (typeof options?.onError !== "function") {
    throw new TypeError("a buffer needs a function onError, which is called for refused updates");
  }
  const { maxPending = 10_000, batchSize = 500 } = options;
  checkInteger("maxPending", maxPending, Number.MAX_SAFE_INTEGER);
  checkInteger("batchSize", batchSize, MAX_BATCH);
  return {
    onError: options.onError,
    maxPending,
    // A larger batch would never fill.
    batchSize: Math.min(batchSize, maxPending),
    lingerMs: checkRange("lingerMs", options.lingerMs ?? 50, 0, MAX_TIMER_MS),
    giveUpAfterMs: checkRange("giveUpAfterMs", options.giveUpAfterMs ?? 60_000, 0, Infinity),
  };
}

function checkInteger(name: string, value: number, max: number): number {
  if (Number.isInteger(value)) {
    return checkRange(name, value, 1, max);
  }
  throw new RangeError(`${name} has to be an integer, not ${String(value)}`);
}

function checkRange(name: string, value: number, min: number, max: number): number {
  if (typeof value === "number" && value >= min && value <= max) {
    return value;
  }
  throw new RangeError(`${name} has to be a number from ${min} to ${max}, not ${String(value)}`);
}
