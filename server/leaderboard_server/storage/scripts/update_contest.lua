#!lua
-- Changes the settings of a contest, unless they are others than those that the server has read.
-- Appended to position.lua, epoch.lua, log.lua, expiry.lua and settings.lua.
--
-- It has no flag, as commit.lua. Sent again it finds the settings that it has written.
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
-- ARGV[4]  epoch to begin if the history was lost
-- ARGV[5]  how many changes the log keeps, at least
-- ARGV[6]  1 if the new rules would reorder a board that has scores, else 0
-- ARGV[7]  when the season ends by the new schedule, in milliseconds since 1970, '' if it does not
-- ARGV[8] to ARGV[14]   the settings that the server has read, in the order of settings.lua
-- ARGV[15] to ARGV[21]  the settings to write
--
-- Returns nil if recover.lua has to run before, else the reply of settings.lua, with one of these
-- outcomes; its epoch is '' if there is no contest.
--   'updated'  the settings were written
--   'same'     the contest has the settings that were to be written
--   'changed'  the contest has other settings than those that were read
--   'locked'   the new rules would reorder the board
--   'absent'   there is no contest
--
-- The payload that it logs and publishes is JSON: [epoch, previous revision, revision, total users,
-- "contest_updated"]. Fails as create_contest.lua.

local _, users, meta = unpack(KEYS)
local epoch, revision, state, _, fields = read_position(meta, ARGV[1], ARGV[2])
local refused = newer_schema(fields[4]) or missing_settings_right(KEYS)
if refused then
  return refused
end
if recover_first(state) then
  return false
end
if state == 'lost' then
  epoch, revision = begin_and_publish(KEYS, ARGV[3], ARGV[4], epoch, revision)
end

local now, before = read_settings(meta), read_settings(meta, 8)
local settings = read_settings(meta, 15)
local outcome = 'updated'
if epoch == '' then
  outcome = 'absent'
elseif same_settings(now, settings) then
  outcome = 'same'
elseif not same_settings(now, before) then
  outcome = 'changed'
elseif ARGV[6] == '1' and redis.call('HLEN', users) > 0 then  -- hidden ones too
  outcome = 'locked'
else
  revision = write_settings(KEYS, ARGV[3], ARGV[5], epoch, revision, settings, ARGV[7])
end
return settings_reply(KEYS, epoch, revision, outcome)
