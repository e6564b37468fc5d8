#!lua
-- Changes the settings of a contest, unless they are others than those that the server has read.
-- Appended to position.lua, epoch.lua, log.lua and settings.lua.
--
-- It has no flag, as commit.lua. Sent again it finds the settings that it has written.
--
-- KEYS[1]  board   ZSET    member = tie key + user id, score = points
-- KEYS[2]  users   HASH    user id → tie key + profile
-- KEYS[3]  meta    HASH    epoch, revision, rules, display name, schema, when the contest began
-- KEYS[4]  log     STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores  ZSET    the distinct scores, where the rank style is dense
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  channel of the contest
-- ARGV[4]  epoch to begin if the history was lost
-- ARGV[5]  how many changes the log keeps, at least
-- ARGV[6]  rules that the server has read, as JSON, '' for the default ones
-- ARGV[7]  display name that it has read, '' for none
-- ARGV[8]  rules to write
-- ARGV[9]  display name to write
-- ARGV[10] 1 if the new rules would reorder a board that has scores, else 0
--
-- Returns the reply of settings.lua, with one of these outcomes; its epoch is '' if there is no
-- contest.
--   'updated'  the settings were written
--   'same'     the contest has the settings that were to be written
--   'changed'  the contest has other settings than those that were read
--   'locked'   the new rules would reorder the board
--   'absent'   there is no contest
--
-- The payload that it logs and publishes is JSON: [epoch, previous revision, revision, total users,
-- "contest_updated"]. Fails as create_contest.lua.

local board, _, meta, log = unpack(KEYS)
local read_rules, read_name, rules, name, reorders = unpack(ARGV, 6, 10)
local epoch, revision, lost, rules_now, schema = read_position(meta, ARGV[1], ARGV[2])
local refused = newer_schema(schema) or missing_settings_right(board, meta, log)
if refused then
  return refused
end
local name_now = redis.call('HMGET', meta, 'display_name')[1] or ''
if lost and epoch ~= '' then
  local payload
  revision, payload = begin_epoch(board, meta, log, ARGV[4], epoch, revision)
  epoch = ARGV[4]
  redis.pcall('PUBLISH', ARGV[3], payload)
end

local outcome = 'updated'
if epoch == '' then
  outcome = 'absent'
elseif rules_now == rules and name_now == name then
  outcome = 'same'
elseif rules_now ~= read_rules or name_now ~= read_name then
  outcome = 'changed'
elseif reorders == '1' and redis.call('ZCARD', board) > 0 then
  outcome = 'locked'
else
  revision = write_settings(KEYS, ARGV[3], ARGV[5], epoch, revision, rules, name)
end
return settings_reply(KEYS, epoch, revision, outcome)
