#!lua flags=no-writes
-- Reads the last commits up to a revision from the commit log. Appended to position.lua.
--
-- KEYS[1]  board   ZSET    member = tie key + user id, score = points
-- KEYS[2]  users   HASH    user id → tie key + profile
-- KEYS[3]  meta    HASH    epoch, revision
-- KEYS[4]  log     STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores  ZSET    the distinct scores, where the rank style is dense
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  the revision up to which to read, inclusive
-- ARGV[4]  how many commits at most
--
-- Returns nil if recover.lua has to run before, else {epoch, revision, {payload, ...}}, latest first, with
-- numbers as text.

local epoch, revision, state = read_position(KEYS[3], ARGV[1], ARGV[2])
if state then
  return false
end
local entries = redis.call('XREVRANGE', KEYS[4], ARGV[3] .. '-0', '-', 'COUNT', ARGV[4])
local payloads = {}
for i, entry in ipairs(entries) do
  payloads[i] = entry[2][2]
end
return {epoch, whole(revision), payloads}
