// The operations of the driver.

import {
  WatchContestResponseSchema,
  toJson,
} from "../../../../clients/typescript/dist/messages.js";
import {
  contestOf,
  errorOf,
  hiddenUsers,
  scoreChange,
  scoreRank,
  seasonOf,
  settingsOf,
  topUsers,
  updateOf,
  updateResult,
  userRank,
  userRanks,
} from "./responses.mjs";

const STORM_TIMEOUT_MS = 60_000;

/** Each takes the client, the arguments, the call options, and a function that writes a watch update. */
export const OPERATIONS = {
  update: async (client, args, options) =>
    updateResult(await client.updateScore(updateOf(args), options)),

  batch: async (client, { updates }, options) => {
    const results = await client.batchUpdateScores(updates.map(updateOf), options);
    return {
      results: results.map((each) =>
        each.ok ? { ok: updateResult(each.result) } : { error: errorOf(each.error) },
      ),
    };
  },

  top: async (client, args, options) => {
    const { contest_id, limit, start_rank: startRank } = args;
    return topUsers(
      await client.getTopUsers(contest_id, { ...options, ...stateOf(args), limit, startRank }),
    );
  },

  rank: async (client, args, options) => {
    const { contest_id, user_id, neighbors, around } = args;
    const read = { ...options, ...stateOf(args), neighbors, around };
    return userRank(await client.getUserRank(contest_id, user_id, read));
  },

  user_ranks: async (client, args, options) => {
    const { contest_id, user_ids } = args;
    return userRanks(
      await client.batchGetUserRanks(contest_id, user_ids, { ...options, ...stateOf(args) }),
    );
  },

  score_rank: async (client, args, options) => {
    const { contest_id, score, around } = args;
    return scoreRank(
      await client.getScoreRank(contest_id, score, { ...options, ...stateOf(args), around }),
    );
  },

  create_contest: async (client, args, options) =>
    contestOf(await client.createContest(args.contest_id, settingsOf(args), options)),

  get_contest: async (client, { contest_id }, options) =>
    contestOf(await client.getContest(contest_id, options)),

  update_contest: async (client, args, options) =>
    contestOf(await client.updateContest(args.contest_id, settingsOf(args), options)),

  list_contests: async (client, args, options) => {
    const { id_prefix: idPrefix, page_size: pageSize, state } = args;
    const contests = await all(client.listContests({ ...options, idPrefix, pageSize, state }));
    return { contests: contests.map(contestOf) };
  },

  reset_contest: async (client, { contest_id, season }, options) =>
    contestOf(await client.resetContest(contest_id, season, options)),

  list_seasons: async (client, { contest_id, page_size: pageSize }, options) => {
    const seasons = await all(client.listSeasons(contest_id, { ...options, pageSize }));
    return { seasons: seasons.map(seasonOf) };
  },

  delete_contest: async (client, { contest_id, epoch }, options) => {
    await client.deleteContest(contest_id, { ...options, epoch });
    return {};
  },

  remove_users: (client, { contest_id, user_ids }, options) =>
    client.removeUsers(contest_id, user_ids, options),

  hide_users: (client, { contest_id, user_ids }, options) =>
    client.hideUsers(contest_id, user_ids, options),

  unhide_users: (client, { contest_id, user_ids }, options) =>
    client.unhideUsers(contest_id, user_ids, options),

  hidden_users: async (client, { contest_id, page_size: pageSize }, options) =>
    hiddenUsers(await all(client.listHiddenUsers(contest_id, { ...options, pageSize }))),

  erase_user: async (client, { user_id }, options) => {
    const parts = await all(client.eraseUser(user_id, options));
    return { contests_changed: parts.reduce((sum, part) => sum + part.contestsChanged, 0) };
  },

  storm: async (client, args, { signal }) => {
    const { contest_id: contestId, users, count, concurrency, points } = args;
    let started = 0;
    let replayed = 0;
    const write = async () => {
      while (started < count) {
        const userId = users[started++ % users.length];
        const result = await client.updateScore(
          { contestId, userId, points },
          { signal, timeoutMs: STORM_TIMEOUT_MS },
        );
        replayed += result.replayed ? 1 : 0;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, write));
    return { acknowledged: count, replayed };
  },

  buffer: async (client, { contest_id: contestId, users, count, points, season }) => {
    const onError = (update, error) =>
      process.stderr.write(`${update.userId} was refused: ${error}\n`);
    const buffer = client.scoreBuffer({ onError });
    for (let n = 0; n < count; n++) {
      await buffer.add({ contestId, userId: users[n % users.length], points, season });
    }
    await buffer.close();
    return { acknowledged: buffer.acknowledged, refused: buffer.refused };
  },

  watch: async (client, args, { signal }, writeUpdate) => {
    const { contest_id, scope, limit, user_ids: userIds, min_interval_s: interval } = args;
    const minIntervalMs = interval === undefined ? undefined : interval * 1000;
    const options = { scope, limit, userIds, minIntervalMs, signal };
    let last;
    for await (const update of client.watch(contest_id, options)) {
      await writeUpdate(watchUpdate(update));
      last = update.state;
    }
    return { end_reason: END_REASONS[last] };
  },
};

/** The reasons of the service for the states that end a watch. */
const END_REASONS = { OVER: "CONTEST_OVER", DELETED: "CONTEST_DELETED" };

/** Returns the options of a read that say which state is read. */
function stateOf({ min_position: minPosition, season }) {
  return { minPosition, season };
}

async function all(items) {
  const found = [];
  for await (const item of items) {
    found.push(item);
  }
  return found;
}

function watchUpdate({
  state,
  rows,
  totalUsers,
  position,
  season,
  changes,
  snapshotReason,
  message,
  trouble,
}) {
  return {
    state,
    rows: rows.map((row) => [row.userId, row.score, row.rank, row.displayName, row.place]),
    total_users: totalUsers ?? null,
    position: position ?? null,
    season: season ?? null,
    changes: changes.map(scoreChange),
    snapshot_reason: snapshotReason ? `SNAPSHOT_REASON_${snapshotReason}` : null,
    message: message
      ? toJson(WatchContestResponseSchema, message, { useProtoFieldName: true })
      : null,
    trouble: trouble ? errorOf(trouble) : null,
  };
}
