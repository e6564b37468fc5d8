// The clock of the gateway, since that of the viewer may be wrong.

/** A difference that the whole seconds of the header and the way of a response account for. */
const UNCERTAIN_MS = 2_000;

/** Learns the time from the responses of the gateway. */
export class Clock {
  #offsetMs = 0;

  /** Returns the time by the gateway's clock, in milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Makes a request like `fetch`, and learns from its response. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const began = Date.now();
    const response = await fetch(input, init);
    const sent = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(sent)) {
      const offsetMs = sent + 500 - (began + Date.now()) / 2;
      this.#offsetMs = Math.abs(offsetMs) > UNCERTAIN_MS ? offsetMs : 0;
    }
    return response;
  };
}
