// Formats scores, ranks, times and names for people.

const NUMBERS = new Intl.NumberFormat("en");
const DAY_AND_TIME = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const DAY_YEAR_AND_TIME = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** Nine months: a day and a month without a year are then taken for the next or the last ones. */
const NEAR_YEAR_MS = 274 * 86_400_000;
const MINUS = "\u2212";

/** Returns a score or a count: `12,345`, `−7`. */
export function formatNumber(value: bigint | number): string {
  return NUMBERS.format(value).replace("-", MINUS);
}

/** Returns a difference of scores with its sign: `+3`, `−2`. */
export function formatGain(points: bigint): string {
  return points > 0n ? `+${NUMBERS.format(points)}` : formatNumber(points);
}

/** Returns a rank as it is shown: `7`, or `=7` where rows share it. */
export function formatRank(rank: number, isShared: boolean): string {
  return `${isShared ? "=" : ""}${NUMBERS.format(rank)}`;
}

/** Returns a number of things: `1 row`, `2 rows`. */
export function formatCount(count: number, one: string, many: string): string {
  return `${NUMBERS.format(count)} ${count === 1 ? one : many}`;
}

/** Returns a duration in its two largest units: `2 d 3 h`, `4 min 5 s`, `0 s`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1_000));
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/**
 * Returns a day with its time, in the viewer's time zone: `Mon, 30 Nov, 00:00`. One that is far away
 * has its year in the place of the day of the week: `30 Nov 2028, 00:00`.
 */
export function formatTime(time: Date, now: number): string {
  const isFar = Math.abs(time.getTime() - now) > NEAR_YEAR_MS;
  return (isFar ? DAY_YEAR_AND_TIME : DAY_AND_TIME).format(time);
}

/** Returns a day, in the viewer's time zone: `30 Nov 2026`. */
export function formatDay(time: Date): string {
  return DAY.format(time);
}

/** Returns the name of a user as it is shown. */
export function nameOf(user: { readonly displayName: string; readonly userId: string }): string {
  return user.displayName || user.userId;
}

/** Returns the small text beside a name: the team of a user and the country. */
export function noteOf(attributes: Readonly<Record<string, string>>): string {
  const { team, country } = attributes;
  const place = country && country.length <= 3 ? country.toUpperCase() : country;
  return [team, place].filter(Boolean).join(" \u00b7 ");
}
