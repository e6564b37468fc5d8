#!lua
-- Creates a contest with its settings, unless it exists. Appended to position.lua, epoch.lua, log.lua
-- and settings.lua.
--
-- It has no flag, as commit.lua. Sent again it finds what it has created.
--
-- KEYS[1]  board   ZSET    member = tie key + user id, score = points
-- KEYS[2]  users   HASH    user id → tie key + profile
-- KEYS[3]  meta    HASH    epoch, revision, rules, display name, schema, when the contest began
-- KEYS[4]  log     STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores  ZSET    the distinct scores, where the rank style is dense
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  channel of the contest
-- ARGV[4]  epoch to begin if there is no history or it was lost
-- ARGV[5]  how many changes the log keeps, at least
-- ARGV[6]  rules as JSON, '' for the default ones
-- ARGV[7]  display name, '' for none
--
-- Returns the reply of settings.lua with the outcome 'created' or 'exists'. The payload that it logs
-- and publishes is JSON: [epoch, previous revision, revision, total users, "contest_updated"].
--
-- Fails with NEWERSCHEMA if a later version wrote the contest, and with NOPERM if the store's user
-- lacks a right.

local board, _, meta, log = unpack(KEYS)
local epoch, revision, lost, _, schema = read_position(meta, ARGV[1], ARGV[2])
local refused = newer_schema(schema) or missing_settings_right(board, meta, log)
if refused then
  return refused
end
local exists = epoch ~= ''
if lost or not exists then
  local payload
  revision, payload = begin_epoch(board, meta, log, ARGV[4], epoch, revision)
  epoch = ARGV[4]
  if exists then
    redis.pcall('PUBLISH', ARGV[3], payload)
  end
end
if not exists then
  revision = write_settings(KEYS, ARGV[3], ARGV[5], epoch, revision, ARGV[6], ARGV[7])
end
return settings_reply(KEYS, epoch, revision, exists and 'exists' or 'created')
