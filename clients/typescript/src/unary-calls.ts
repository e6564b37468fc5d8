// The calls that clients make, whatever carries them to a server.

import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";

/** The options of one call. */
export interface CallOptions {
  /** The milliseconds for the whole call with all its retries. Default: the client's. */
  readonly timeoutMs?: number | undefined;
  /** Aborts the call at once; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Makes unary calls of the contract. */
export interface UnaryCalls {
  /**
   * Makes a call, and retries it while a retry may help and there is time. All attempts send the
   * same request, so a write must have a request id.
   *
   * @throws LeaderboardError with the error of the last attempt, or the reason of the signal.
   */
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: CallOptions,
  ): Promise<MessageShape<O>>;
}
