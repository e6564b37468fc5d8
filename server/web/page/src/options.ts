// The options of a page, from its address.

/** The kind of page: a board with controls, a screen on a wall, or a frame in another page. */
export type Surface = "board" | "wall" | "embed";

/** The colours of a page; `auto` follows the system. */
export type Theme = "auto" | "light" | "dark";

/** The options of the page of one board. */
export interface PageOptions {
  readonly contestId: string;
  readonly surface: Surface;
  /** The number of first rows to watch; undefined for the default of the surface. */
  readonly limit: number | undefined;
  /** The viewer, whose own row is kept in sight. */
  readonly userId: string | undefined;
  /** A season that is kept; 0 for the current one, -1 for the one before it. */
  readonly season: number;
  readonly theme: Theme;
  readonly hasHeader: boolean;
}

/** The most rows that a watch has. */
export const MOST_ROWS = 1_000;

/** Returns the options in the path and the query of a page. */
export function readOptions(path: string, query: string): PageOptions {
  const [, folder, id] = path.split("/");
  const parameters = new URLSearchParams(query);
  const isWall = parameters.has("wall") && parameters.get("wall") !== "0";
  return {
    contestId: decode(id ?? ""),
    surface: folder === "embed" ? "embed" : isWall ? "wall" : "board",
    limit: wholeNumber(parameters.get("limit"), 1, MOST_ROWS),
    userId: parameters.get("user") || undefined,
    season: wholeNumber(parameters.get("season"), -1, 2 ** 31 - 1) ?? 0,
    theme: readTheme(parameters.get("theme")),
    hasHeader: parameters.get("header") !== "off",
  };
}

/** Returns the address of the full board of a contest, with some of its options. */
export function boardAddress(
  contestId: string,
  options: { userId?: string | undefined; season?: number; limit?: number | undefined } = {},
): string {
  const parameters = new URLSearchParams();
  if (options.limit) parameters.set("limit", String(options.limit));
  if (options.userId) parameters.set("user", options.userId);
  if (options.season) parameters.set("season", String(options.season));
  const query = parameters.toString();
  return `/boards/${encodeURIComponent(contestId)}${query && `?${query}`}`;
}

/** Returns the address of the same page for the current season. */
export function withoutSeason(address: string): string {
  const url = new URL(address);
  url.searchParams.delete("season");
  return url.href;
}

function readTheme(text: string | null): Theme {
  return text === "light" || text === "dark" ? text : "auto";
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Returns the number in a text, within the bounds; undefined if there is none. */
function wholeNumber(text: string | null, least: number, most: number): number | undefined {
  if (text === null || !/^-?\d{1,10}$/.test(text)) return undefined;
  return Math.min(Math.max(Number(text), least), most);
}
