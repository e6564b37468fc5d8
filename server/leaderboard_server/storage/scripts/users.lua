-- Reads the ranks of some users. Follows position.lua.
--
-- KEYS[1]  board  ZSET  member = tie key + user id, score = points
-- KEYS[2]  users  HASH  user id → tie key + display name
-- KEYS[3]  meta   HASH  epoch, revision
-- KEYS[4]  log    STREAM
-- ARGV[1]  channel of the contest
-- ARGV[2]  epoch of the latest position this server has seen, '' for none
-- ARGV[3]  revision of that position
-- ARGV[4]  epoch to begin if the history was lost
-- ARGV[5...]  user ids
--
-- Returns {epoch, revision, total users, {index from 0, member, score, tie key + display name}...},
-- with numbers as text, in the order asked and without the users who have no score.

local epoch, revision = position_of(KEYS[1], KEYS[3], KEYS[4], unpack(ARGV, 1, 4))
local answer = {epoch, whole(revision), whole(redis.call('ZCARD', KEYS[1]))}
for i, user in ipairs(redis.call('HMGET', KEYS[2], unpack(ARGV, 5))) do
  local member = user and user:sub(1, 14) .. ARGV[4 + i]
  local index = member and redis.call('ZREVRANK', KEYS[1], member)
  if index then
    answer[#answer + 1] = {whole(index), member, redis.call('ZSCORE', KEYS[1], member), user}
  end
end
return answer
