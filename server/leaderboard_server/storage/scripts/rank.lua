-- Reads the rank of one user and the users around. Follows position.lua.
--
-- KEYS[1]  board  ZSET  member = tie key + user id, score = points
-- KEYS[2]  users  HASH  user id → tie key + display name
-- KEYS[3]  meta   HASH  epoch, revision
-- KEYS[4]  log    STREAM
-- ARGV[1]  channel of the contest
-- ARGV[2]  epoch of the latest position this server has seen, '' for none
-- ARGV[3]  revision of that position
-- ARGV[4]  epoch to begin if the history was lost
-- ARGV[5]  user id
-- ARGV[6]  how many users on each side
--
-- Returns {epoch, revision, total users, index of the first row, {member, score, ...},
-- {tie key + display name, ...}}, with numbers as text and indexes from 0; for an absent user only
-- the first three.

local epoch, revision = position_of(KEYS[1], KEYS[3], KEYS[4], unpack(ARGV, 1, 4))
local answer = {epoch, whole(revision), whole(redis.call('ZCARD', KEYS[1]))}
local user = redis.call('HGET', KEYS[2], ARGV[5])
local index = user and redis.call('ZREVRANK', KEYS[1], user:sub(1, 14) .. ARGV[5])
if not index then
  return answer
end
local first = math.max(0, index - tonumber(ARGV[6]))
local rows = redis.call('ZREVRANGE', KEYS[1], first, index + tonumber(ARGV[6]), 'WITHSCORES')
local ids = {}
for i = 1, #rows, 2 do
  ids[#ids + 1] = rows[i]:sub(15)
end
answer[4] = whole(first)
answer[5] = rows
answer[6] = redis.call('HMGET', KEYS[2], unpack(ids))
return answer
