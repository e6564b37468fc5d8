#!lua
-- Creates a contest with its settings, unless it exists. Appended to position.lua, epoch.lua, log.lua,
-- expiry.lua and settings.lua.
--
-- It has no flag, as commit.lua. Sent again it finds what it has created.
--
-- KEYS[1]  board     ZSET    member = tie key + user id, score = points
-- KEYS[2]  users     HASH    user id → tie key + profile
-- KEYS[3]  meta      HASH    the position and the settings of the contest
-- KEYS[4]  log       STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores    ZSET    the distinct scores, where the rank style is dense
-- KEYS[6]  counts    HASH    score → how many users have it, where the rank style is dense
-- KEYS[7]  hidden    HASH    the hidden users, see hiding.lua
-- KEYS[8]  seasons   HASH    kept seasons, see new_season.lua
-- KEYS[9]  users     HASH    the users of the season before, if it is kept
-- KEYS[10] requests  HASH    current request bucket, see requests.lua
-- KEYS[11] requests  HASH    previous request bucket
-- KEYS[12] requests  HASH    next request bucket
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  channel of the contest
-- ARGV[4]  epoch to begin if there is no history or it was lost
-- ARGV[5]  how many changes the log keeps, at least
-- ARGV[6]  when the first season ends by the schedule, in milliseconds since 1970, '' if it does not
-- ARGV[7] and further  the settings, in the order of settings.lua
--
-- Returns nil if recover.lua has to run before, else the reply of settings.lua with the outcome
-- 'created' or 'exists'. The payload that it logs and publishes is JSON: [epoch, previous revision,
-- revision, total users, "contest_updated"].
--
-- Fails with NEWERSCHEMA if a later version wrote the contest, and with NOPERM if the store's user
-- lacks a right.

local board, _, meta, log = unpack(KEYS)
local epoch, revision, state, _, fields = read_position(meta, ARGV[1], ARGV[2])
local refused = newer_schema(fields[4]) or missing_settings_right(KEYS)
if refused then
  return refused
end
if recover_first(state) then
  return false
end
local exists = epoch ~= ''
if state == 'lost' then
  epoch, revision = begin_and_publish(KEYS, ARGV[3], ARGV[4], epoch, revision)
elseif not exists then
  epoch, revision = begin_epoch(board, meta, log, ARGV[4], epoch, revision)
  local settings = read_settings(meta, 7)
  revision = write_settings(KEYS, ARGV[3], ARGV[5], epoch, revision, settings, ARGV[6])
end
return settings_reply(KEYS, epoch, revision, exists and 'exists' or 'created')
