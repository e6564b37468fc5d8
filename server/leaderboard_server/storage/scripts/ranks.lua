#!lua flags=no-writes
-- Reads the ranks of users and, where requested, the users around them. Appended to position.lua.
--
-- KEYS[1]  board  ZSET    member = tie key + user id, score = points
-- KEYS[2]  users  HASH    user id → tie key + display name
-- KEYS[3]  meta   HASH    epoch, revision
-- KEYS[4]  log    STREAM  one entry for each commit, id <last revision>-0
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  how many neighbors to read on each side of the first user
-- ARGV[4]  id of the first user; then the same two for each further user, up to 1,000 users
--
-- Returns nil if the history was lost, else {epoch, revision, total users, standing of each user...}
-- with numbers as text; a standing is
--   ''                                              the user has no score
--   '<index> <score> <tie key + display name>'      without neighbors; the index is from 0
--   {index of the first row, {member, score, ...}, {tie key + display name, ...}}  with neighbors

local epoch, revision, lost = read_position(KEYS[3], ARGV[1], ARGV[2])
if lost then
  return false
end
local reply = {epoch, whole(revision), whole(redis.call('ZCARD', KEYS[1]))}

local ids = {}
for i = 4, #ARGV, 2 do
  ids[#ids + 1] = ARGV[i]
end
local users = redis.call('HMGET', KEYS[2], unpack(ids))

-- Returns the rows from `neighbors` above an index to `neighbors` below it.
local function rows_around(index, neighbors)
  local first = math.max(0, index - neighbors)
  local rows = redis.call('ZREVRANGE', KEYS[1], first, index + neighbors, 'WITHSCORES')
  local row_ids = {}
  for i = 1, #rows, 2 do
    row_ids[#row_ids + 1] = rows[i]:sub(15)
  end
  return {whole(first), rows, redis.call('HMGET', KEYS[2], unpack(row_ids))}
end

local board, call = KEYS[1], redis.call
-- One command in place of two where the store knows it: Redis from 7.2 on, and Valkey. The script
-- itself looks, since after a failover another version may run it.
local with_score = (redis.REDIS_VERSION_NUM or 0) >= 0x070200

-- Returns the index and the score of a member; the index is false if it has none.
local function index_and_score(member)
  if with_score then
    return unpack(call('ZREVRANK', board, member, 'WITHSCORE') or {})
  end
  local index = call('ZREVRANK', board, member)
  return index, index and call('ZSCORE', board, member)
end

for i, user in ipairs(users) do
  local standing = ''
  if user then
    local index, score = index_and_score(user:sub(1, 14) .. ids[i])
    local neighbors = ARGV[1 + 2 * i]
    if index and neighbors == '0' then
      standing = index .. ' ' .. score .. ' ' .. user
    elseif index then
      standing = rows_around(index, tonumber(neighbors))
    end
  end
  reply[3 + i] = standing
end
return reply
