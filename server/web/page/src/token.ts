// Takes the token of the viewer from the fragment of the address, which no server ever sees.

const KEY = "leaderboard.token";

/** Returns the viewer's token, kept for this tab; undefined if there is none. */
export function takeToken(): string | undefined {
  // A plus would be a space, which no token has.
  const fragment = new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B"));
  const token = fragment.get("token");
  if (token === null) return kept();
  fragment.delete("token");
  const rest = fragment.toString();
  history.replaceState(
    history.state,
    "",
    location.pathname + location.search + (rest && `#${rest}`),
  );
  keep(token);
  return token || undefined;
}

/** Returns an address for another tab, which has to bring the token with it. */
export function withToken(address: string, token: string | undefined): string {
  return token === undefined ? address : `${address}#${new URLSearchParams({ token })}`;
}

function kept(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined; // Storage is off, as in some frames. The token is lost with the page then.
  }
}

function keep(token: string): void {
  try {
    if (token) sessionStorage.setItem(KEY, token);
    else sessionStorage.removeItem(KEY);
  } catch {
    // As above.
  }
}
