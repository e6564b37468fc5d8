// Delays between the streams of a watch.

import type { CallBounds } from "./call-bounds.js";
import { LeaderboardError } from "./errors.js";
import { retryDelay } from "./retry-delay.js";
import { countedRetries, isServerDown, requestedDelay } from "./server-down.js";
import { StreamLostError } from "./watch-update.js";

/** The age from which a broken stream no longer counts as a failed attempt to open one. */
const MIN_STREAM_AGE_MS = 1_000;

/** Waits before the next stream; throws the reason of the signal if it is aborted meanwhile. */
type Pause = (bounds: CallBounds, delayMs: number) => Promise<void>;

/** What may differ between watches. */
interface Delays {
  /** Waits for so many milliseconds, or until the next stream may succeed. */
  readonly pause?: Pause;
  /** Returns the number of failed attempts from which the next delay follows. */
  readonly counted?: (failed: number, trouble: Error | undefined) => number;
}

/** Counts the streams of a watch that failed, and delays the next one. */
export class Reconnects {
  readonly #spares: number;
  readonly #pause: Pause;
  readonly #counted: Required<Delays>["counted"];
  #waits = 0;
  /** The number of servers that may be tried at once before the next delay. */
  #others: number;

  /** @param spares The number of servers besides one. */
  constructor(spares: number, { pause = sleep, counted = countedRetries }: Delays = {}) {
    this.#spares = spares;
    this.#pause = pause;
    this.#counted = counted;
    this.#others = spares;
  }

  /**
   * Waits before the next stream; not at all if the last one ended because its server is down, and
   * there is another one that was not tried yet.
   *
   * @param ageMs The milliseconds since the last stream was opened.
   * @param trouble Why it ended; undefined after an `end` message.
   * @throws The reason of the signal if it is aborted meanwhile.
   */
  async wait(bounds: CallBounds, ageMs: number, trouble: Error | undefined): Promise<void> {
    if (ageMs > MIN_STREAM_AGE_MS) {
      this.#waits = 0;
      this.#others = this.#spares;
    }
    if (this.#others > 0 && isEndOfServer(trouble)) {
      this.#others--;
      return;
    }
    const retries = this.#counted(this.#waits, trouble);
    this.#waits = retries + 1;
    await this.#pause(bounds, retryDelay(retries, requestedDelay(trouble)));
    this.#others = this.#spares;
  }
}

function sleep(bounds: CallBounds, delayMs: number): Promise<void> {
  return bounds.sleep(delayMs);
}

function isEndOfServer(trouble: Error | undefined): boolean {
  return trouble instanceof LeaderboardError
    ? isServerDown(trouble)
    : trouble === undefined || trouble instanceof StreamLostError;
}
