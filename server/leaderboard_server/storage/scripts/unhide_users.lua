#!lua flags=allow-oom
-- Ends the hiding of users: each row returns to the board with its score and its tie key.
-- Appended to position.lua, epoch.lua, log.lua, rules.lua, moves.lua,
-- requests.lua, hiding.lua and profiles.lua.
--
-- A full store takes it too: it moves rows.
--
-- KEYS[1]  board     ZSET    member = tie key + user id, score = points
-- KEYS[2]  users     HASH    user id → tie key + profile
-- KEYS[3]  meta      HASH    the position and the settings of the contest
-- KEYS[4]  log       STREAM  one entry for each commit, id <last revision>-0
-- KEYS[5]  scores    ZSET    the distinct scores, where the rank style is dense
-- KEYS[6]  counts    HASH    score → how many users have it, where the rank style is dense
-- KEYS[7]  hidden    HASH    the hidden users, see hiding.lua
-- KEYS[8]  seasons   HASH    kept seasons, see new_season.lua
-- KEYS[9]  users     HASH    the users of the season before, if it is kept
-- KEYS[10] requests  HASH    current request bucket, see requests.lua
-- KEYS[11] requests  HASH    previous request bucket
-- KEYS[12] requests  HASH    next request bucket
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  channel of the contest
-- ARGV[4]  epoch to begin if the history was lost
-- ARGV[5]  how many changes the log keeps, at least
-- ARGV[6] and further  1 to 1,000 users
--
-- Returns nil if recover.lua has to run before, else {epoch, revision, number of users, payload or
-- ''}, with numbers as text: how many of the users were hidden. The payload is
-- that of log.lua; a row that returns has the rank and the place 0 before.
-- The epoch of a contest that does not exist is ''.
--
-- Fails with NEWERSCHEMA if a later version wrote the contest, and with NOPERM if the store's user
-- lacks a right.

local board, users, _, _, distinct, counts, hidden = unpack(KEYS)
local ended, epoch, revision, rules, any_hidden = begin_moderation(KEYS, {{'ZADD', board, 0, ''}})
if ended then
  return ended[1]
elseif epoch == '' then
  return {'', '0', '0', ''}
end
local ids = {unpack(ARGV, 6)}
local total, count, changes = redis.call('ZCARD', board), 0, {}
local hidden_before = redis.call('HLEN', hidden)

-- Puts a row back on the board; returns the change as JSON.
local function return_to_board(id, row)
  local score, member = row:sub(15), row:sub(1, 14) .. id
  redis.call('ZADD', board, score, member)
  if rules.rank_style == 'dense' then
    count_score(distinct, counts, nil, score)
  end
  local place = redis.call('ZREVRANK', board, member) + 1
  local rank = rules.rank_style and shared_rank(rules, board, distinct, score) or place
  local user = redis.call('HMGET', users, id)[1] or ''
  local shown = whole(stored_score(rules, tonumber(score)))
  return '["' .. id .. '",' .. shown .. ',' .. rank .. ',' .. shown .. ',0,"","",'
    .. encode_profile(user:sub(15), true, place, 0) .. ']'
end

for i, row in ipairs(redis.call('HMGET', hidden, unpack(ids))) do
  if row then
    if row ~= '' then
      changes[#changes + 1] = return_to_board(ids[i], row)
    end
    redis.call('HDEL', hidden, ids[i])
    count = count + 1
  end
end
note_hidden(KEYS, any_hidden, hidden_before > count)
return commit_rows(KEYS, epoch, revision, total + #changes, changes, count)
