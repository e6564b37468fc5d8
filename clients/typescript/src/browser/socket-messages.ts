// Reads the messages of a WebSocket in turn, and bounds those that were not read yet.

/** How a WebSocket ended. */
export interface Closed {
  /** The code of the close: 1006 if the connection broke or was refused. */
  readonly code: number;
  /** Why it was closed, if that is known. */
  readonly reason: string;
  /** Whether the WebSocket was open before. */
  readonly wasOpen: boolean;
}

/**
 * The characters of messages that may wait to be read: a page in the background may not read for
 * hours, and a browser can't slow down who sends.
 */
const MAX_WAITING = 4_000_000;

/** The messages of a WebSocket. */
export class SocketMessages {
  readonly #socket: WebSocket;
  readonly #waiting: unknown[] = [];
  #size = 0;
  #wasOpen = false;
  #closed: Closed | undefined;
  #wake = (): void => undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#wasOpen = true;
    });
    socket.addEventListener("message", ({ data }) => this.#add(data));
    // `close` follows; libraries for other programs than browsers throw what nobody listens to.
    socket.addEventListener("error", () => undefined);
    socket.addEventListener("close", ({ code, reason }) => this.#end(code, reason));
  }

  /** Returns the next message, or how the WebSocket ended, after the last one. */
  async next(): Promise<{ readonly data: unknown } | Closed> {
    while (!this.#waiting.length) {
      if (this.#closed) {
        return this.#closed;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const data = this.#waiting.shift();
    this.#size -= sizeOf(data);
    return { data };
  }

  /** Closes the WebSocket, whatever its state. */
  close(): void {
    this.#socket.close();
  }

  #add(data: unknown): void {
    if (this.#closed) {
      return;
    }
    this.#size += sizeOf(data);
    if (this.#size > MAX_WAITING && this.#waiting.length) {
      this.#end(1000, "its messages were not read in time");
      this.#socket.close();
      return;
    }
    this.#waiting.push(data);
    this.#wake();
  }

  #end(code: number, reason: string): void {
    this.#closed ??= { code, reason, wasOpen: this.#wasOpen };
    this.#wake();
  }
}

function sizeOf(data: unknown): number {
  return typeof data === "string" ? data.length : 0;
}
