// The token that a client shows to the server.

/** A token, or a function that returns one for each attempt. */
export type Token = string | (() => string | Promise<string>);

/** Visible ASCII characters: a header can hold them, and a token has no spaces. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Checks a token that is a string, and whether it may be sent.
 *
 * @param isPrivate Whether nobody on the way can read it: with TLS, or on this machine.
 * @throws TypeError if the token is invalid or needs TLS.
 */
export function checkTokenOption(token: Token | undefined, isPrivate: boolean): void {
  if (token !== undefined && !isPrivate) {
    throw new TypeError("a token needs TLS, unless the server is on this machine");
  }
  if (typeof token === "string") {
    checkToken(token);
  }
}

/** Returns a valid token. The errors for an invalid one do not contain it. */
export async function currentToken(token: Token): Promise<string> {
  return checkToken(typeof token === "function" ? await token() : token);
}

function checkToken(token: string): string {
  if (typeof token === "string" && TOKEN.test(token)) {
    return token;
  }
  throw new TypeError("a token has to be a string of visible ASCII characters");
}
