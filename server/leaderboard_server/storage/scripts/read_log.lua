#!lua flags=no-writes
-- Reads the commits after a revision from the commit log, and the one at that revision, by which a
-- server detects another history. Appended to position.lua.
--
-- KEYS[1]  board   ZSET    member = tie key + user id, score = points
-- KEYS[2]  users   HASH    user id → tie key + profile
-- KEYS[3]  meta    HASH    epoch, revision
-- KEYS[4]  log     STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores  ZSET    the distinct scores, where the rank style is dense
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  the revision after which to read, in decimal digits
-- ARGV[4]  how many commits at most
--
-- Returns nil if recover.lua has to run before, else {epoch, revision, payload at the revision or '',
-- {payload, ...}}, oldest first, with numbers as text.

local epoch, revision, state = read_position(KEYS[3], ARGV[1], ARGV[2])
if state then
  return false
end
local after, limit = ARGV[3] .. '-0', tonumber(ARGV[4])
local payload_at_revision, payloads = '', {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[4], after, '+', 'COUNT', limit + 1)) do
  local id, payload = entry[1], entry[2][2]
  if id == after then
    payload_at_revision = payload
  elseif #payloads < limit then
    payloads[#payloads + 1] = payload
  end
end
return {epoch, whole(revision), payload_at_revision, payloads}
