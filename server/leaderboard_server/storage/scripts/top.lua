#!lua flags=no-writes
-- Reads consecutive ranks of a contest. Appended to position.lua.
--
-- KEYS[1]  board  ZSET    member = tie key + user id, score = points
-- KEYS[2]  users  HASH    user id → tie key + display name
-- KEYS[3]  meta   HASH    epoch, revision
-- KEYS[4]  log    STREAM  one entry for each commit, id <last revision>-0
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  first index, from 0
-- ARGV[4]  last index, inclusive
--
-- Returns nil if the history was lost, else {epoch, revision, total users, {member, score, ...},
-- {tie key + display name, ...}}, with numbers as text.

local epoch, revision, lost = read_position(KEYS[3], ARGV[1], ARGV[2])
if lost then
  return false
end
local rows = redis.call('ZREVRANGE', KEYS[1], ARGV[3], ARGV[4], 'WITHSCORES')
local ids = {}
for i = 1, #rows, 2 do
  ids[#ids + 1] = rows[i]:sub(15)
end
local users = {}
if #ids > 0 then
  users = redis.call('HMGET', KEYS[2], unpack(ids))
end
return {epoch, whole(revision), whole(redis.call('ZCARD', KEYS[1])), rows, users}
