// Keeps the screen of a wall awake, where the browser can.

/** Keeps the screen awake as long as the page is shown, where that is allowed. */
export function keepScreenAwake(): void {
  const acquire = () => {
    if (document.hidden || !("wakeLock" in navigator)) return;
    // Refused with a low battery, for instance; the next time that the page is shown it may work.
    navigator.wakeLock.request("screen").catch(() => undefined);
  };
  document.addEventListener("visibilitychange", acquire);
  acquire();
}
