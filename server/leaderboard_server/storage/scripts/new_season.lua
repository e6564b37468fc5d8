#!lua flags=allow-oom
-- Ends the season of a contest: moves its board aside as a kept season and begins the next one as an
-- epoch of its own, with an empty board. However large the board is, it takes the same time; only
-- hidden users are copied one by one. Appended to position.lua, epoch.lua and log.lua.
--
-- It does nothing if the season, its end by the schedule, the kept seasons, or how many are to be kept
-- are others than what the server has read, so two servers end a season once. A season without users is
-- not ended by the schedule: only its end moves, so that empty seasons are one.
--
-- A full store takes it too: it moves keys, and makes room.
--
-- An entry of the kept seasons is
--   number  '<epoch> <revision> <began> <ended> <total users> <rules>'
-- with the last position, times in milliseconds since 1970 ('-' where an earlier version began the
-- contest), and the rules as JSON ('' for the default ones). The keys of a kept season hold what
-- those of the contest held. Kept seasons are consecutive, up to the one before the current.
--
-- KEYS[1]  board     ZSET    member = tie key + user id, score = points
-- KEYS[2]  users     HASH    user id → tie key + profile
-- KEYS[3]  meta      HASH    the position and the settings of the contest
-- KEYS[4]  log       STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores    ZSET    the distinct scores, where the rank style is dense
-- KEYS[6]  counts    HASH    score → how many users have it, where the rank style is dense
-- KEYS[7]  hidden    HASH    the hidden users, see hiding.lua
-- KEYS[8]  seasons   HASH    the kept seasons
-- KEYS[9]  users     HASH    the users of the season before, if it is kept
-- KEYS[10] requests  HASH    current request bucket, see requests.lua
-- KEYS[11] requests  HASH    previous request bucket
-- KEYS[12] requests  HASH    next request bucket
-- KEYS[13] to KEYS[17]  board, users, scores, counts and hidden users of the season that ends
-- KEYS[18] and further  the same five of each season that is not kept any more
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  channel of the contest
-- ARGV[4]  name of the epoch of the next season, without its number
-- ARGV[5]  the season that ends
-- ARGV[6]  its end by the schedule, '' if there is none
-- ARGV[7]  the end of the next season by the schedule, '' if there is none
-- ARGV[8]  1 if the season ends by the schedule, 0 if it ends now
-- ARGV[9]  number of kept seasons
-- ARGV[10] how many seasons are to be kept, '' for the default
-- ARGV[11] and further  the seasons that are not kept any more, the one that ends perhaps too
--
-- Returns {epoch, revision, payload or ''}: the position after it, and the payload that it logs and
-- publishes, [epoch, previous revision, revision, 0, "new_season"].
--
-- Fails with NEWERSCHEMA if a later version wrote the contest, and with NOPERM if the store's user
-- lacks a right.

local AT_ONCE = 2000  -- fields and values in one command
local board, users, meta, log, scores, counts, hidden, seasons = unpack(KEYS)
local call = redis.call
local epoch, revision, _, rules_text, fields = read_position(
  meta, ARGV[1], ARGV[2], 'season_started_at', 'created_at', 'keep_seasons')
local season, by_schedule = season_of(epoch), ARGV[8] == '1'
local nothing = {epoch, whole(revision), ''}
if whole(season) ~= ARGV[5] or (fields[6] or '') ~= ARGV[6]
  or whole(call('HLEN', seasons)) ~= ARGV[9] or (fields[9] or '') ~= ARGV[10]
  or by_schedule and now_ms() < tonumber(ARGV[6]) then
  return nothing
end
local refused = newer_schema(fields[4]) or missing_right({
  {'UNLINK', board}, {'RENAME', board, KEYS[13]}, {'COPY', hidden, KEYS[17]}, {'HKEYS', hidden},
  {'EXISTS', users}, {'HSET', hidden, '', ''}, {'HSET', seasons, '', ''}, {'HDEL', seasons, ''},
  {'ZCARD', board}, {'HSET', meta, 'epoch', ''}, {'HDEL', meta, 'reset_at'},
  {'XREVRANGE', log, '+', '-'}, {'XADD', log, '*', 'commit', ''},
})
if refused then
  return refused
end

local written = {'schema', SCHEMA}  -- fields of meta
if ARGV[7] ~= '' then
  written[3], written[4] = 'reset_at', ARGV[7]
else
  call('HDEL', meta, 'reset_at')
end
if by_schedule and call('EXISTS', users) == 0 then
  call('HSET', meta, unpack(written))
  return nothing
end

local ended = by_schedule and ARGV[6] or whole(now_ms())
local began = fields[7] or fields[8] and fields[8] .. '000' or '-'
local total = whole(call('ZCARD', board))
local entry = {epoch, whole(revision), began, ended, total, rules_text}
call('HSET', seasons, season, table.concat(entry, ' '))
for i, key in ipairs({board, users, scores, counts}) do
  if call('EXISTS', key) == 1 then
    call('RENAME', key, KEYS[12 + i])
  end
end
-- They stay hidden in the next season, without a score.
local ids = call('HKEYS', hidden)
if #ids > 0 then
  call('COPY', hidden, KEYS[17], 'REPLACE')
  local rows = {}
  for i, id in ipairs(ids) do
    rows[2 * i - 1], rows[2 * i] = id, ''
  end
  for first = 1, #rows, AT_ONCE do
    call('HSET', hidden, unpack(rows, first, math.min(first + AT_ONCE - 1, #rows)))
  end
end
for i = 11, #ARGV do
  call('HDEL', seasons, ARGV[i])
end
if #ARGV >= 11 then
  call('UNLINK', unpack(KEYS, 18))
end

local before = last_revision(log, revision)
epoch, revision = epoch_of_season(meta, ARGV[4], season + 1), before + 1
local at = whole(revision)
for _, value in ipairs({'epoch', epoch, 'revision', at, 'season_started_at', ended}) do
  written[#written + 1] = value
end
call('HSET', meta, unpack(written))
local payload = payload_head(epoch, before, revision, 0) .. ',"new_season"]'
call('XADD', log, 'MINID', '=', at, at .. '-0', 'commit', payload)
redis.pcall('PUBLISH', ARGV[3], payload)
return {epoch, at, payload}
