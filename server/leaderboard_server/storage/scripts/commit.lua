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
--          event time, display name], '' for what is not set; the points are a number within
--          the bounds of a score, all else is text
--
-- Returns what it logs and publishes, a line break, then JSON: [index of an update, outcome, ...] for
-- those updates that no change tells of, in order and with indexes from 0. An outcome is one of
--   'unchanged <answer>'  all is as it was
--   'replayed <answer>'   the first answer to the same request id
--   'range'               the score would pass the bounds
--   'reused'              the request id was used with another payload
-- and an answer is '<score> <rank> <previous score> <previous rank> <revision> <applied 0|1>
-- <display name>'; so is what is kept of a request id, after its fingerprint.
--
-- Logs and publishes JSON: [epoch, previous revision, revision, total users, change...]; a change is
-- [user id, score, rank, previous score, previous rank, event type, event time, display name], with
-- the time as text, since it may pass 64 bits. A commit without changes is not logged, and published
-- only if it began an epoch.
--
-- Fails with STALE when a later commit of this server was applied already in the same windows. (One
-- that was given up, and comes after a later one of the next window, is still applied: once.)
--
-- The tie key is 14 hex digits, the inverted revision at which the score was reached: in the
-- reverse order of the set the earliest of equal scores comes first.

local board, users, meta, log, requests = unpack(KEYS, 1, 5)
local channel, seen_epoch, seen_revision, new_epoch, server, sequence = unpack(ARGV, 1, 6)
local updates = cjson.decode(ARGV[9])
local MAX_SCORE = 9007199254740992
local TRIM_EVERY = 64  -- revisions; to trim costs as much as to log

local call, encode, format = redis.call, cjson.encode, string.format

-- 1. Look up what was answered before.

local server_field = 'server ' .. server
local fields = {server_field}
for _, update in ipairs(updates) do
  if update[4] ~= '' then
    fields[#fields + 1] = update[4]
  end
end
-- The other windows are asked for what the current one can't tell: a server's last commit is in the
-- latest that it wrote to, while a request id may be in any.
local found = call('HMGET', requests, unpack(fields))
if not found[1] or #fields > 1 then
  for window = 6, 7 do
    for i, value in ipairs(call('HMGET', KEYS[window], unpack(fields))) do
      found[i] = found[i] or value
    end
  end
end

local last = found[1]
if last then
  local separator = last:find(' ', 1, true)
  local done = tonumber(last:sub(1, separator - 1))
  if done == tonumber(sequence) then
    return last:sub(separator + 1)
  elseif done > tonumber(sequence) then
    return redis.error_reply('STALE a later commit of this server was applied')
  end
end

local known = {}
for i = 2, #fields do
  known[fields[i]] = found[i]
end

-- 2. Read every user, then decide on each update in order, as if those before it were applied.

local ids, members, scores, names = {}, {}, {}, {}
for i, update in ipairs(updates) do
  ids[i] = update[1]
end
for i, user in ipairs(call('HMGET', users, unpack(ids))) do
  local id = ids[i]
  local member = user and user:sub(1, 14) .. id
  local score = member and not members[id] and call('ZSCORE', board, member)
  if score then
    members[id], scores[id], names[id] = member, tonumber(score), user:sub(15)
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

local refusals, score_of, before_of, name_of, changes_of = {}, {}, {}, {}, {}
local accepted = false
for i, update in ipairs(updates) do
  local id, request, print = update[1], update[4], update[5]
  local earlier = request ~= '' and known[request]
  if earlier then
    refusals[i] = earlier:sub(1, 16) == print and 'replayed' or 'reused'
  else
    local before = scores[id]
    local score = score_after(before, update[2], update[3])
    if not score then
      refusals[i] = 'range'
    else
      local name = update[8] ~= '' and update[8] or names[id] or ''
      score_of[i], before_of[i], name_of[i] = score, before, name
      changes_of[i] = score ~= before or name ~= names[id]
      scores[id], names[id] = score, name
      accepted = true
      if request ~= '' then
        known[request] = print .. ' '
      end
    end
  end
end

-- 3. All is decided: write.

local epoch, revision, lost = read_position(meta, seen_epoch, seen_revision)
local begins = accepted and (lost or epoch == '')
if begins then
  begin_epoch(meta, log, epoch, new_epoch, revision)
  epoch = new_epoch
end
local first = revision
local changes, others, new_users, new_requests = {}, {}, {}, {}

-- Writes a text as JSON. Only names may hold what doesn't stand for itself there.
local function quoted(name)
  return name == '' and '""' or encode(name)
end

for i, update in ipairs(updates) do
  local refusal = refusals[i]
  if refusal then
    if refusal == 'replayed' then
      refusal = 'replayed ' .. known[update[4]]:sub(18)
    end
    others[#others + 1] = (i - 1) .. ',' .. encode(refusal)
  else
    local id, name = update[1], name_of[i]
    local member = members[id]
    local score, before = whole(score_of[i]), whole(before_of[i] or 0)
    local previous_rank = member and call('ZREVRANK', board, member) + 1 or 0
    local rank = previous_rank
    if changes_of[i] then
      revision = revision + 1
      if score_of[i] ~= before_of[i] then
        if member then
          call('ZREM', board, member)
        end
        member = format('%014x', MAX_SCORE - 1 - revision) .. id
        members[id] = member
        call('ZADD', board, score, member)
        rank = call('ZREVRANK', board, member) + 1
      end
      new_users[#new_users + 1] = id
      new_users[#new_users + 1] = member:sub(1, 14) .. name
      changes[#changes + 1] = '["' .. id .. '",' .. score .. ',' .. rank .. ',' .. before .. ','
        .. previous_rank .. ',"' .. update[6] .. '","' .. update[7] .. '",' .. quoted(name) .. ']'
    end
    if not changes_of[i] or update[4] ~= '' then
      local answer = score .. ' ' .. rank .. ' ' .. before .. ' ' .. previous_rank .. ' '
        .. whole(revision) .. (changes_of[i] and ' 1 ' or ' 0 ') .. name
      if not changes_of[i] then
        others[#others + 1] = (i - 1) .. ',' .. encode('unchanged ' .. answer)
      end
      if update[4] ~= '' then
        local kept = update[5] .. ' ' .. answer
        known[update[4]] = kept
        new_requests[#new_requests + 1] = update[4]
        new_requests[#new_requests + 1] = kept
      end
    end
  end
end

if #new_users > 0 then
  call('HSET', users, unpack(new_users))
end
local at = whole(revision)
local payload = '["' .. epoch .. '",' .. whole(first) .. ',' .. at .. ',' .. call('ZCARD', board)
  .. (#changes > 0 and ',' or '') .. table.concat(changes, ',') .. ']'
if revision > first then
  call('HSET', meta, 'epoch', epoch, 'revision', at)
  if math.floor(revision / TRIM_EVERY) > math.floor(first / TRIM_EVERY) then
    local oldest = whole(math.max(0, revision - tonumber(ARGV[7])))
    call('XADD', log, 'MINID', '~', oldest, at .. '-0', 'commit', payload)
  else
    call('XADD', log, at .. '-0', 'commit', payload)
  end
end
local reply = payload .. '\n[' .. table.concat(others, ',') .. ']'
if revision > first or #new_requests > 0 then
  new_requests[#new_requests + 1] = server_field
  new_requests[#new_requests + 1] = sequence .. ' ' .. reply
  local added = call('HSET', requests, unpack(new_requests))
  if added > 0 and call('TTL', requests) < 0 then
    call('EXPIREAT', requests, ARGV[8])
  end
end
-- Last, and whatever becomes of it: what is written counts, and servers find a lost message out.
if begins or revision > first then
  redis.pcall('PUBLISH', channel, payload)
end
return reply
