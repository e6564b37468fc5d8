// Waits for a delay, or until there may be a network or a viewer again.

import type { CallBounds } from "../call-bounds.js";

/**
 * Waits for a delay. It is cut short when the browser is online again, and when its tab is shown:
 * the timers of a hidden one are slowed down, to one in a minute.
 *
 * @throws The reason of the signal if it is aborted meanwhile.
 */
export async function sleepUntilWoken(bounds: CallBounds, delayMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let removeListeners = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, delayMs);
    removeListeners = onWake(resolve);
  });
  try {
    await bounds.waitFor(over);
  } finally {
    clearTimeout(timer);
    removeListeners();
  }
}

/** Calls a function when there may be a network or a viewer; returns a function that undoes that. */
function onWake(listener: () => void): () => void {
  // A worker has no document, and other programs that run JavaScript have neither.
  const page = globalThis.document as Document | undefined;
  const onShown = (): void => {
    if (page?.visibilityState === "visible") {
      listener();
    }
  };
  globalThis.addEventListener?.("online", listener);
  page?.addEventListener("visibilitychange", onShown);
  return () => {
    globalThis.removeEventListener?.("online", listener);
    page?.removeEventListener("visibilitychange", onShown);
  };
}
