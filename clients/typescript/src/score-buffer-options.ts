// How a buffer gathers and sends, and what of that is refused.

import { LONGEST_TIMER_MS } from "./call-bounds.js";
import type { ScoreUpdate } from "./model.js";

/** How a buffer gathers and sends. */
export interface ScoreBufferOptions {
  /** Told of each update that is given up, with the reason. */
  readonly onError: (update: ScoreUpdate, error: Error) => void;
  /** How many updates may wait or be on their way; more have `add` wait. Default: 10,000. */
  readonly maxPending?: number | undefined;
  /** How many updates are sent together at most, to 1,000. Default: 500. */
  readonly batchSize?: number | undefined;
  /** The milliseconds that an update waits for others to be sent with. Default: 50. */
  readonly lingerMs?: number | undefined;
  /** The milliseconds from its `add` after which an update is given up. Default: 60,000. */
  readonly giveUpAfterMs?: number | undefined;
}

/** The options of a buffer with their defaults. */
export type BufferSettings = {
  readonly [Name in keyof ScoreBufferOptions]-?: NonNullable<ScoreBufferOptions[Name]>;
};

/** The longest batch that the service takes. */
const LONGEST_BATCH = 1_000;

/**
 * Returns the options with their defaults.
 *
 * @throws TypeError if there is no `onError`, or RangeError if another option is out of its range.
 */
export function settingsOf(options: ScoreBufferOptions): BufferSettings {
  if (typeof options?.onError !== "function") {
    throw new TypeError("a buffer needs onError, a function that is told of what is given up");
  }
  return {
    onError: options.onError,
    maxPending: whole("maxPending", options.maxPending ?? 10_000, Number.MAX_SAFE_INTEGER),
    batchSize: whole("batchSize", options.batchSize ?? 500, LONGEST_BATCH),
    lingerMs: within("lingerMs", options.lingerMs ?? 50, 0, LONGEST_TIMER_MS),
    giveUpAfterMs: within("giveUpAfterMs", options.giveUpAfterMs ?? 60_000, 0, Infinity),
  };
}

function whole(name: string, value: number, most: number): number {
  if (Number.isInteger(value)) {
    return within(name, value, 1, most);
  }
  throw new RangeError(`${name} has to be a whole number, not ${String(value)}`);
}

function within(name: string, value: number, least: number, most: number): number {
  if (typeof value === "number" && value >= least && value <= most) {
    return value;
  }
  throw new RangeError(`${name} has to be a number from ${least} to ${most}, not ${String(value)}`);
}
