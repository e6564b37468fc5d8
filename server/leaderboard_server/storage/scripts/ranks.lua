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
for i, user in ipairs(users) do
  local standing = ''
  local member = user and user:sub(1, 14) .. ids[i]
  local index = member and call('ZREVRANK', board, member)
  if index then
    local neighbors = ARGV[1 + 2 * i]
    if neighbors == '0' then
      standing = index .. ' ' .. call('ZSCORE', board, member) .. ' ' .. user
    else
      standing = rows_around(index, tonumber(neighbors))
    end
  end
  reply[3 + i] = standing
end
return reply
