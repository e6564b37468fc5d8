import assert from "node:assert/strict";
import { test } from "node:test";

import { announce } from "../build/announcements.js";
import { timesText, untilOpen } from "../build/contest-text.js";
import { errorText } from "../build/error-text.js";
import * as format from "../build/format.js";
import { certainState, stateText } from "../build/state-text.js";

test("scores have groups of digits and a real minus, also beyond exact numbers", () => {
  assert.equal(format.formatNumber(9007199254740992n), "9,007,199,254,740,992");
  assert.equal(format.formatNumber(-1234n), "\u22121,234");
});

test("gains have a sign", () => {
  assert.equal(format.formatGain(3n), "+3");
  assert.equal(format.formatGain(-2000n), "\u22122,000");
});

test("shared ranks are marked", () => {
  assert.equal(format.formatRank(2, true), "=2");
  assert.equal(format.formatRank(1000, false), "1,000");
});

test("durations have their two largest units", () => {
  assert.equal(format.formatDuration(0), "0 s");
  assert.equal(format.formatDuration(12_001), "13 s");
  assert.equal(format.formatDuration(65_000), "1 min 5 s");
  assert.equal(format.formatDuration(3_600_000), "1 h");
  assert.equal(format.formatDuration(2 * 86_400_000 + 3 * 3_600_000 + 59_000), "2 d 3 h");
});

test("the note is the team and the country", () => {
  assert.equal(format.noteOf({ team: "Red", country: "gb" }), "Red \u00b7 GB");
  assert.equal(format.noteOf({ country: "gb" }), "GB");
  assert.equal(format.noteOf({ country: "Norway" }), "Norway");
  assert.equal(format.noteOf({ avatar: "https://a.example/a.png" }), "");
});

const CALM = { state: "live", behindMs: 100, isOnline: true, isKept: false, isScheduled: false };

test("the state says how far behind the board is, once that is more than a moment", () => {
  const lost = { ...CALM, state: "reconnecting" };
  assert.deepEqual(stateText(CALM), { tone: "good", text: "Live" });
  assert.equal(stateText({ ...lost, behindMs: 900 }).text, "Reconnecting\u2026");
  assert.equal(stateText({ ...lost, behindMs: 12_900 }).text, "12 s behind");
  assert.equal(
    stateText({ ...lost, behindMs: 12_900, isOnline: false }).text,
    "Offline, 12 s behind",
  );
});

test("a silence that the service never keeps is not called live", () => {
  assert.deepEqual(stateText({ ...CALM, behindMs: 21_000 }), { tone: "wait", text: "21 s behind" });
});

test("a browser without a network is live only for a moment", () => {
  const offline = { ...CALM, isOnline: false };
  assert.equal(stateText({ ...offline, behindMs: 2_000 }).text, "Live");
  assert.equal(stateText({ ...offline, behindMs: 4_000 }).text, "Offline, 4 s behind");
  assert.deepEqual([certainState(offline), certainState({ ...offline, behindMs: 4_000 })], [
    "live",
    "reconnecting",
  ]);
});

const [ADA, BO] = [
  { userId: "ada", displayName: "Ada", score: 9n, rank: 1 },
  { userId: "bo", displayName: "", score: 7n, rank: 2 },
];

test("a new leader is announced by name, and the viewer as you", () => {
  const before = { leader: ADA, own: undefined };
  assert.equal(announce(before, { leader: BO, own: undefined }), "bo leads with 7.");
  assert.equal(announce({ ...before, own: BO }, { leader: BO, own: BO }), "You lead with 7.");
  assert.equal(announce(before, before), "");
});

test("a change of the viewer's rank is announced with its direction", () => {
  const at = (rank) => ({ leader: ADA, own: { ...BO, rank } });
  assert.equal(announce(at(5), at(2)), "You are up to rank 2 with 7.");
  assert.equal(announce(at(2), at(5)), "You are down to rank 5 with 7.");
  assert.equal(announce({ leader: ADA, own: undefined }, at(5)), "");
});

const NOW = Date.UTC(2026, 10, 29, 12);
const times = (state, at = {}) => ({
  state,
  startsAt: undefined,
  endsAt: undefined,
  nextResetAt: undefined,
  ...at,
});

test("the nearest event of a contest is counted down", () => {
  const soon = new Date(NOW + 3_600_000);
  assert.equal(timesText(times("OPEN", { nextResetAt: soon }), NOW), "Season ends in 1 h");
  assert.equal(timesText(times("OPEN", { endsAt: soon }), NOW), "Closes in 1 h");
  assert.match(timesText(times("OPEN", { endsAt: new Date(NOW + 9e8) }), NOW), /^Closes \w+/);
  assert.match(timesText(times("OPEN", { endsAt: soon }), NOW, false), /^Closes (?!in )/);
  assert.equal(timesText(times("OPEN"), NOW), "");
  assert.match(timesText(times("CLOSED", { endsAt: new Date(NOW - 9e8) }), NOW), /^Closed \w+/);
});

test("a time has its year where that is not plain", () => {
  const days = (count) => format.formatTime(new Date(NOW + count * 86_400_000), NOW);
  assert.match(days(33), /^Fri,? 1 Jan(?!.*2027)/);
  assert.match(days(366), /^30 Nov 2027,/);
  assert.match(days(-400), /2025/);
});

test("only a contest that has yet to open has a time until then", () => {
  const startsAt = new Date(NOW + 5_000);
  assert.equal(untilOpen(times("SCHEDULED", { startsAt }), NOW), 5_000);
  assert.equal(untilOpen(times("SCHEDULED", { startsAt }), NOW + 9_000), 0);
  assert.equal(untilOpen(times("OPEN", { startsAt }), NOW), undefined);
});

test("an error says what to do", () => {
  assert.match(errorText({ code: "UNAUTHENTICATED", message: "" }).advice, /#token=/);
  assert.match(
    errorText({ code: "INVALID_ARGUMENT", message: "limit: is 0" }).advice,
    /limit: is 0/,
  );
  const season = { code: "NOT_FOUND", reason: "ERROR_REASON_SEASON_NOT_FOUND", message: "" };
  assert.equal(errorText(season).title, "This season is not kept");
  assert.match(errorText({ message: "no luck" }).advice, /no luck/);
  const away = { code: "UNAVAILABLE", message: "TypeError: Failed to fetch" };
  assert.doesNotMatch(errorText(away).advice, /TypeError/);
});
