-- Applies updates of one contest in one atomic step: looks up what was answered before, checks
-- every update before the first write, then applies, numbers, logs and publishes. Follows
-- position.lua.
--
-- KEYS[1]  board     ZSET    member = tie key + user id, score = points
-- KEYS[2]  users     HASH    user id → tie key + display name
-- KEYS[3]  meta      HASH    epoch, revision
-- KEYS[4]  log       STREAM  one entry for each commit, id <last revision>-0, field commit
-- KEYS[5]  requests  HASH    current window: request id → fingerprint and first answer;
--                            'server <token>' → sequence and reply of that server's last commit
-- KEYS[6]  requests  HASH    previous window, the same
-- KEYS[7]  requests  HASH    next window, which a server with a faster clock writes to already
-- ARGV[1]  channel of the contest
-- ARGV[2]  epoch of the latest position this server has seen, '' for none
-- ARGV[3]  revision of that position
-- ARGV[4]  epoch to begin if there is no history or it was lost
-- ARGV[5]  token of this server
-- ARGV[6]  sequence of this commit among those of this server, rising
-- ARGV[7]  how many changes the log keeps, at least
-- ARGV[8]  when the current requests window expires, in seconds since 1970
-- ARGV[9]  JSON: the updates, each [user id, mode, points, request id, fingerprint, event type,
--          event time, display name], all as text, '' for what is not set; the points within the
--          bounds of a score
--
-- Returns JSON: [epoch, revision, total users, outcome of each update...]; an outcome is one of
--   'applied|unchanged|replayed <score> <rank> <previous score> <previous rank> <revision> <applied
--     0|1> <display name>'
--   'range'   the score would pass the bounds
--   'reused'  the request id was used with another payload
-- Logs and publishes JSON: [epoch, previous revision, revision, total users, change...]; a change is
-- [user id, score, rank, previous score, previous rank, event type, event time, display name].
-- Fails with STALE when a later commit of this server was applied already.
--
-- The tie key is 14 hex digits, the inverted revision at which the score was reached: in the
-- reverse order of the set the earliest of equal scores comes first.

local board, users, meta, log, requests = unpack(KEYS, 1, 5)
local channel, seen_epoch, seen_revision, new_epoch, server, sequence = unpack(ARGV, 1, 6)
local updates = cjson.decode(ARGV[9])
local MAX_SCORE = 9007199254740992

local server_field = 'server ' .. server
local fields = {server_field}
for _, update in ipairs(updates) do
  fields[#fields + 1] = update[4]
end
local known = redis.call('HMGET', requests, unpack(fields))
for window = 6, 7 do
  for i, value in ipairs(redis.call('HMGET', KEYS[window], unpack(fields))) do
    known[i] = known[i] or value
  end
end

local last = known[1]
if last then
  local separator = last:find(' ', 1, true)
  local done = tonumber(last:sub(1, separator - 1))
  if done == tonumber(sequence) then
    return last:sub(separator + 1)
  elseif done > tonumber(sequence) then
    return redis.error_reply('STALE a later commit of this server was applied')
  end
end

-- 1. Read every user, then decide on each update in order, as if those before it were applied.

local ids, rows = {}, {}
for _, update in ipairs(updates) do
  if not rows[update[1]] then
    rows[update[1]] = {}
    ids[#ids + 1] = update[1]
  end
end
for i, user in ipairs(redis.call('HMGET', users, unpack(ids))) do
  if user then
    local row = rows[ids[i]]
    row.member = user:sub(1, 14) .. ids[i]
    row.name = user:sub(15)
    row.score = tonumber(redis.call('ZSCORE', board, row.member))
  end
end

-- Returns the score that an update leads to, or nil where it would pass the bounds. The sum is
-- checked by subtraction, since beyond the bounds doubles skip integers and a sum would round.
local function score_after(before, mode, points)
  if mode == 'set' or not before then
    return points
  elseif mode == 'best' then
    return math.max(before, points)
  elseif before > 0 and points > MAX_SCORE - before then
    return nil
  elseif before < 0 and points < -MAX_SCORE - before then
    return nil
  end
  return before + points
end

local decisions, planned, accepted = {}, {}, false
for i, update in ipairs(updates) do
  local id, mode, points, request, print = unpack(update, 1, 5)
  local row, decision = rows[id], {}
  local earlier = request ~= '' and (planned[request] or known[i + 1])
  if earlier then
    decision.outcome = earlier:sub(1, 16) == print and 'replayed' or 'reused'
    decision.answer = earlier:sub(18)
  else
    local score = score_after(row.score, mode, tonumber(points))
    if not score then
      decision.outcome = 'range'
    else
      local name = update[8] ~= '' and update[8] or row.name or ''
      decision.before, decision.score, decision.name = row.score, score, name
      decision.moved = score ~= row.score
      decision.outcome = (decision.moved or name ~= row.name) and 'applied' or 'unchanged'
      row.score, row.name = score, name
      accepted = true
      if request ~= '' then
        planned[request] = print .. ' '
      end
    end
  end
  decisions[i] = decision
end

-- 2. All is decided: write.

local epoch, revision, lost = read_position(meta, seen_epoch, seen_revision)
local begins = accepted and (lost or epoch == '')
if begins then
  begin_epoch(meta, log, epoch, new_epoch, revision)
  epoch = new_epoch
end
local first = revision
local answers, changes, new_users, new_requests = {}, {}, {}, {}
local call, encode = redis.call, cjson.encode

local function rank_of(member)
  return call('ZREVRANK', board, member) + 1
end

-- Writes a text as JSON. Only names may hold what doesn't stand for itself there.
local function quoted(text, without_name)
  return without_name and '"' .. text .. '"' or encode(text)
end

local function apply(update, decision)
  local id, name = update[1], decision.name
  local row = rows[id]
  local previous_rank = row.member and rank_of(row.member) or 0
  local rank = previous_rank
  if decision.outcome == 'applied' then
    revision = revision + 1
    if decision.moved then
      if row.member then
        call('ZREM', board, row.member)
      end
      row.member = string.format('%014x', MAX_SCORE - 1 - revision) .. id
      call('ZADD', board, whole(decision.score), row.member)
      rank = rank_of(row.member)
    end
    new_users[#new_users + 1] = id
    new_users[#new_users + 1] = row.member:sub(1, 14) .. name
    changes[#changes + 1] = '["' .. id .. '","' .. whole(decision.score) .. '","' .. rank .. '","'
      .. whole(decision.before or 0) .. '","' .. previous_rank .. '","' .. update[6] .. '","'
      .. update[7] .. '",' .. quoted(name, name == '') .. ']'
  end
  return whole(decision.score) .. ' ' .. rank .. ' ' .. whole(decision.before or 0) .. ' '
    .. previous_rank .. ' ' .. whole(revision)
    .. (decision.outcome == 'applied' and ' 1 ' or ' 0 ') .. name
end

for i, update in ipairs(updates) do
  local decision = decisions[i]
  local outcome = decision.outcome
  if outcome == 'replayed' then
    local answer = planned[update[4]] and planned[update[4]]:sub(18) or decision.answer
    outcome = 'replayed ' .. answer
  elseif outcome == 'applied' or outcome == 'unchanged' then
    local answer = apply(update, decision)
    outcome = outcome .. ' ' .. answer
    if update[4] ~= '' then
      planned[update[4]] = update[5] .. ' ' .. answer
      new_requests[#new_requests + 1] = update[4]
      new_requests[#new_requests + 1] = planned[update[4]]
    end
  end
  answers[i] = quoted(outcome, decision.outcome ~= 'replayed' and (decision.name or '') == '')
end

if #new_users > 0 then
  redis.call('HSET', users, unpack(new_users))
end
local total = whole(redis.call('ZCARD', board))
local payload
if revision > first then
  local at = whole(revision)
  redis.call('HSET', meta, 'epoch', epoch, 'revision', at)
  payload = '["' .. epoch .. '","' .. whole(first) .. '","' .. at .. '","' .. total .. '",'
    .. table.concat(changes, ',') .. ']'
  redis.call('XADD', log, 'MINID', '~', whole(math.max(0, revision - tonumber(ARGV[7]))), at .. '-0', 'commit', payload)
end
local notice = payload
if begins and not payload then
  notice = encode({epoch, whole(revision), whole(revision), total})
end
local reply = '["' .. epoch .. '","' .. whole(revision) .. '","' .. total .. '",'
  .. table.concat(answers, ',') .. ']'
if revision > first or #new_requests > 0 then
  new_requests[#new_requests + 1] = server_field
  new_requests[#new_requests + 1] = sequence .. ' ' .. reply
  redis.call('HSET', requests, unpack(new_requests))
  if redis.call('TTL', requests) < 0 then
    redis.call('EXPIREAT', requests, ARGV[8])
  end
end
-- Last, and whatever becomes of it: what is written counts, and servers find a lost message out.
if notice then
  redis.pcall('PUBLISH', channel, notice)
end
return reply
