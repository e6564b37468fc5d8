#!lua flags=allow-oom
-- Erases a user from kept seasons of a contest: its row, its name and attributes, and that it was
-- hidden. Each season that held it takes a revision. Appended to position.lua, epoch.lua, log.lua,
-- rules.lua, moves.lua, requests.lua and hiding.lua.
--
-- A full store takes it too, since it makes room.
--
-- KEYS[1]  meta      HASH  the position and the settings of the contest
-- KEYS[2]  seasons   HASH  the kept seasons, see new_season.lua
-- KEYS[3]  requests  HASH  current request bucket, see requests.lua
-- KEYS[4]  requests  HASH  previous request bucket
-- KEYS[5]  requests  HASH  next request bucket
-- KEYS[6] to KEYS[10]  board, users, scores, counts and hidden users of the first season; then the
--                      same five of each further one
-- ARGV[1]  the user
-- ARGV[2] and further  the seasons
--
-- Returns {how many of the seasons are kept, how many held the user}.
--
-- Fails with NEWERSCHEMA if a later version wrote the contest, and with NOPERM if the store's user
-- lacks a right.

local FIXED, EACH = 5, 5  -- keys that are not of a season, and keys of each season
local meta, seasons = KEYS[1], KEYS[2]
local id = ARGV[1]

-- Returns the keys of a season in the order in which hiding.lua takes them.
local function keys_of(index)
  local board, users, scores, counts, hidden = unpack(KEYS, FIXED + EACH * (index - 1) + 1)
  return {board, users, meta, seasons, scores, counts, hidden}
end

local kept, holders = 0, {}
for i, entry in ipairs(redis.call('HMGET', seasons, unpack(ARGV, 2))) do
  if entry then
    kept = kept + 1
    local keys = keys_of(i)
    local user = redis.call('HMGET', keys[2], id)[1]
    local hidden = redis.call('HMGET', keys[7], id)[1]
    if user or hidden then
      holders[#holders + 1] = {season = ARGV[1 + i], keys = keys, entry = entry, user = user}
    end
  end
end
if #holders == 0 then
  return {kept, 0}
end

local schema, servers = unpack(redis.call('HMGET', meta, 'schema', 'servers'))
local keys = keys_of(1)
local refused = newer_schema(schema) or missing_right({
  {'ZREM', keys[1], ''}, {'ZSCORE', keys[1], ''}, {'ZREVRANK', keys[1], ''},
  {'ZCOUNT', keys[1], 0, 0}, {'ZCARD', keys[1]}, {'HDEL', keys[2], ''}, {'ZREM', keys[5], ''},
  {'ZADD', keys[5], 0, ''}, {'HINCRBY', keys[6], '', 1}, {'HDEL', keys[6], ''},
  {'HDEL', keys[7], ''}, {'HSET', seasons, '', ''}, {'HSET', KEYS[3], '', ''},
})
if refused then
  return refused
end

for _, holder in ipairs(holders) do
  local epoch, revision, times, rules = holder.entry:match('^(%S+) (%d+) (%S+ %S+) %d+ ?(.*)$')
  local total = redis.call('ZCARD', holder.keys[1])
  local change = leave_board(decode_rules(rules), holder.keys, id, holder.user)
  redis.call('HDEL', holder.keys[2], id)
  redis.call('HDEL', holder.keys[7], id)
  local left = whole(change and total - 1 or total)
  local entry = {epoch, whole(tonumber(revision) + 1), times, left, rules}
  redis.call('HSET', seasons, holder.season, table.concat(entry, ' '))
end
-- The last reply to a server may be to a write of such a season.
forget_replies(servers or '', {unpack(KEYS, 3, FIXED)})
return {kept, #holders}
