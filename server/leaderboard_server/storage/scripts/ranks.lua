#!lua flags=no-writes
-- Reads the ranks of users and, where requested, the rows around them. Appended to position.lua,
-- rules.lua and rows.lua.
--
-- KEYS[1]  board   ZSET    member = tie key + user id, score = points (see rules.lua)
-- KEYS[2]  users   HASH    user id → tie key + profile (see profiles.lua)
-- KEYS[3]  meta    HASH    epoch, revision, rules
-- KEYS[4]  log     STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores  ZSET    the distinct scores, where the rank style is dense
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  rows to read around the first user: '<neighbors on each side> <consecutive rows>', '' for
--          none, '-' for none where only the rank is needed
-- ARGV[4]  id of the first user; then the same two for each further user, up to 1,000 users
--
-- Returns nil if recover.lua has to run before, else {epoch, revision, rules, total users, standing of each
-- user...} with numbers as text. A standing is '' for a user without a score, else
-- '<index> <score> <tie key + profile>', with the index from 0; where ranks are shared
-- '<index> <score> <rank> <number of users with a worse rank> <tie key + profile>', with 0 as that
-- number where only the rank is needed: it takes as long as the rank. With rows it is {standing, rows
-- as of rows.lua}; the rows are those of both requests.

local epoch, revision, state, rules_text = read_position(KEYS[3], ARGV[1], ARGV[2])
if state then
  return false
end
local rules, total = decode_rules(rules_text), redis.call('ZCARD', KEYS[1])
local reply = {epoch, whole(revision), rules_text, whole(total)}

local ids = {}
for i = 4, #ARGV, 2 do
  ids[#ids + 1] = ARGV[i]
end
local users = redis.call('HMGET', KEYS[2], unpack(ids))

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

-- Returns the rows around an index that a request asks for.
local function rows_around(index, request)
  local neighbors, count = request:match('(%d+) (%d+)')
  neighbors, count = tonumber(neighbors), tonumber(count)
  local first, last = math.max(0, index - neighbors), index + neighbors
  if count > 0 then
    local first_of_count = first_around(index, count, total)
    first, last = math.min(first, first_of_count), math.max(last, first_of_count + count - 1)
  end
  return read_rows(rules, KEYS, first, last)
end

for i, user in ipairs(users) do
  local standing = ''
  if user then
    local index, score = index_and_score(user:sub(1, 14) .. ids[i])
    if index then
      local request = ARGV[1 + 2 * i]
      if rules.rank_style then
        local worse = request == '-' and 0 or call('ZCOUNT', board, '-inf', '(' .. score)
        standing = index .. ' ' .. score .. ' ' .. shared_rank(rules, board, KEYS[5], score) .. ' '
          .. worse .. ' ' .. user
      else
        standing = index .. ' ' .. score .. ' ' .. user
      end
      if request ~= '' and request ~= '-' then
        standing = {standing, rows_around(index, request)}
      end
    end
  end
  reply[4 + i] = standing
end
return reply
