#!lua
-- Applies updates of one contest in one atomic step: looks up earlier answers, checks every update
-- before the first write, then applies, numbers, logs and publishes. Appended to position.lua and
-- epoch.lua.
--
-- It has no flag: a store that is full, read-only, short of replicas or unable to save refuses it
-- before it runs, so nothing is half written.
--
-- KEYS[1]  board     ZSET    member = tie key + user id, score = points
-- KEYS[2]  users     HASH    user id → tie key + display name
-- KEYS[3]  meta      HASH    epoch, revision
-- KEYS[4]  log       STREAM  one entry for each commit, id <last revision>-0, field commit
-- KEYS[5]  requests  HASH    current request bucket: request id → fingerprint and first answer;
--                            'server <token>' → sequence and reply of that server's last commit
-- KEYS[6]  requests  HASH    previous request bucket, the same
-- KEYS[7]  requests  HASH    next request bucket, the same, written by servers with a faster clock
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  channel of the contest
-- ARGV[4]  epoch to begin if there is no history or it was lost
-- ARGV[5]  token of this server
-- ARGV[6]  sequence number of this commit, rising with each commit of this server
-- ARGV[7]  how many changes the log keeps, at least
-- ARGV[8]  when the current request bucket expires, in seconds since 1970
-- ARGV[9]  JSON: the updates, each [user id, mode, points, request id, fingerprint, event type,
--          event time, display name], '' for a field that is not set; points is a number within
--          the bounds of a score, all other fields are text
--
-- Returns the payload that it logs and publishes, a line break, then JSON: [index, outcome, ...] of
-- the updates without a change in the payload, in order, with indexes from 0. An outcome is one of
--   'unchanged <answer>'  the update changed nothing
--   'replayed <answer>'   the first answer to the same request id
--   'range'               the score would pass the bounds
--   'reused'              the request id was used with another payload
-- and an answer is '<score> <rank> <previous score> <previous rank> <revision> <applied 0|1>
-- <display name>'. A request bucket holds '<fingerprint> <answer>' for a request id.
--
-- The payload is JSON: [epoch, previous revision, revision, total users, change...]; a change is
-- [user id, score, rank, previous score, previous rank, event type, event time, display name], with
-- the time as text, since it may pass 64 bits. A commit without changes is not logged, and published
-- only if it began an epoch.
--
-- Fails with STALE if a later commit of this server was already applied in the same request buckets.
-- (One that timed out, and arrives after a later one of the next bucket, is still applied: once.)
-- Fails with NOPERM if the store's user lacks a right; only a server's first commit checks that,
-- since it takes nearly a tenth of the script's time.
--
-- The tie key is 14 hex digits, the inverted revision at which the score was reached: in the reverse
-- order of the ZSET the earliest of equal scores comes first.

local board, users, meta, log, requests = unpack(KEYS, 1, 5)
local seen_epoch, seen_revision, channel, new_epoch, server, sequence = unpack(ARGV, 1, 6)
local updates = cjson.decode(ARGV[9])
local MAX_SCORE = 9007199254740992
local TRIM_EVERY = 64  -- revisions; a trim costs as much as a log entry

local call, encode, format = redis.call, cjson.encode, string.format

-- 1. Look up earlier answers.

local server_field = 'server ' .. server
local fields = {server_field}
for _, update in ipairs(updates) do
  if update[4] ~= '' then
    fields[#fields + 1] = update[4]
  end
end
-- The other buckets are read only where needed: a server's last commit is in the latest bucket it
-- wrote to, while a request id may be in any bucket.
local found = call('HMGET', requests, unpack(fields))
if not found[1] or #fields > 1 then
  for bucket = 6, 7 do
    for i, value in ipairs(call('HMGET', KEYS[bucket], unpack(fields))) do
      found[i] = found[i] or value
    end
  end
end

local last_commit = found[1]
if not last_commit then
  local refused = missing_right({
    {'ZADD', board, 0, ''}, {'ZREM', board, ''}, {'ZREVRANK', board, ''}, {'ZCARD', board},
    {'HSET', users, '', ''}, {'XREVRANGE', log, '+', '-'}, {'XADD', log, '*', 'commit', ''},
    {'TTL', requests}, {'EXPIREAT', requests, 0},
  })
  if refused then
    return refused
  end
else
  local separator = last_commit:find(' ', 1, true)
  local last_sequence = tonumber(last_commit:sub(1, separator - 1))
  if last_sequence == tonumber(sequence) then
    return last_commit:sub(separator + 1)
  elseif last_sequence > tonumber(sequence) then
    return redis.error_reply('STALE a later commit of this server was applied')
  end
end

local remembered = {}  -- request id → '<fingerprint> <answer>'
for i = 2, #fields do
  remembered[fields[i]] = found[i]
end

-- 2. Read every user, then decide on each update in order, as if the updates before it were applied.

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

-- Returns the score after an update, or nil if it would pass the bounds. The sum is checked by
-- subtraction, since beyond the bounds doubles skip integers and a sum would be rounded.
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

-- By the index of the update; `outcomes` only has those that are not applied.
local outcomes, score_of, before_of, name_of, changed = {}, {}, {}, {}, {}
local accepted = false
for i, update in ipairs(updates) do
  local id, request, fingerprint = update[1], update[4], update[5]
  local first_entry = request ~= '' and remembered[request]
  if first_entry then
    outcomes[i] = first_entry:sub(1, 16) == fingerprint and 'replayed' or 'reused'
  else
    local before = scores[id]
    local score = score_after(before, update[2], update[3])
    if not score then
      outcomes[i] = 'range'
    else
      local name = update[8] ~= '' and update[8] or names[id] or ''
      score_of[i], before_of[i], name_of[i] = score, before, name
      changed[i] = score ~= before or name ~= names[id]
      scores[id], names[id] = score, name
      accepted = true
      if request ~= '' then
        remembered[request] = fingerprint .. ' '
      end
    end
  end
end

-- 3. Every update is decided: write.

local epoch, revision, lost = read_position(meta, seen_epoch, seen_revision)
local epoch_began = accepted and (lost or epoch == '')
if epoch_began then
  epoch, revision = new_epoch, begin_epoch(board, meta, log, new_epoch, revision)
end
local previous_revision = revision
local changes, others, new_users, new_requests = {}, {}, {}, {}

-- Returns a display name as JSON. No other text of a change has characters that JSON escapes.
local function quoted(name)
  return name == '' and '""' or encode(name)
end

for i, update in ipairs(updates) do
  local outcome = outcomes[i]
  if outcome then
    if outcome == 'replayed' then
      outcome = 'replayed ' .. remembered[update[4]]:sub(18)
    end
    others[#others + 1] = (i - 1) .. ',' .. encode(outcome)
  else
    local id, name = update[1], name_of[i]
    local member = members[id]
    local score, before = whole(score_of[i]), whole(before_of[i] or 0)
    local previous_rank = member and call('ZREVRANK', board, member) + 1 or 0
    local rank = previous_rank
    if changed[i] then
      revision = revision + 1
      if score_of[i] ~= before_of[i] then
        local earlier = member
        member = format('%014x', MAX_SCORE - 1 - revision) .. id
        members[id] = member
        call('ZADD', board, score, member)
        if earlier then
          -- After the new one: in a cluster's slot that is being moved, an emptied set is gone.
          call('ZREM', board, earlier)
        end
        rank = call('ZREVRANK', board, member) + 1
      end
      new_users[#new_users + 1] = id
      new_users[#new_users + 1] = member:sub(1, 14) .. name
      changes[#changes + 1] = '["' .. id .. '",' .. score .. ',' .. rank .. ',' .. before .. ','
        .. previous_rank .. ',"' .. update[6] .. '","' .. update[7] .. '",' .. quoted(name) .. ']'
    end
    if not changed[i] or update[4] ~= '' then
      local answer = score .. ' ' .. rank .. ' ' .. before .. ' ' .. previous_rank .. ' '
        .. whole(revision) .. (changed[i] and ' 1 ' or ' 0 ') .. name
      if not changed[i] then
        others[#others + 1] = (i - 1) .. ',' .. encode('unchanged ' .. answer)
      end
      if update[4] ~= '' then
        local entry = update[5] .. ' ' .. answer
        remembered[update[4]] = entry
        new_requests[#new_requests + 1] = update[4]
        new_requests[#new_requests + 1] = entry
      end
    end
  end
end

if #new_users > 0 then
  call('HSET', users, unpack(new_users))
end
local at = whole(revision)
local payload = '["' .. epoch .. '",' .. whole(previous_revision) .. ',' .. at .. ','
  .. call('ZCARD', board) .. (#changes > 0 and ',' or '') .. table.concat(changes, ',') .. ']'
if revision > previous_revision then
  call('HSET', meta, 'epoch', epoch, 'revision', at)
  if math.floor(revision / TRIM_EVERY) > math.floor(previous_revision / TRIM_EVERY) then
    local oldest = whole(math.max(0, revision - tonumber(ARGV[7])))
    call('XADD', log, 'MINID', '~', oldest, at .. '-0', 'commit', payload)
  else
    call('XADD', log, at .. '-0', 'commit', payload)
  end
end
local reply = payload .. '\n[' .. table.concat(others, ',') .. ']'
if revision > previous_revision or #new_requests > 0 then
  new_requests[#new_requests + 1] = server_field
  new_requests[#new_requests + 1] = sequence .. ' ' .. reply
  local added = call('HSET', requests, unpack(new_requests))
  if added > 0 and call('TTL', requests) < 0 then
    call('EXPIREAT', requests, ARGV[8])
  end
end
-- Last, and its failure is ignored: the writes are done, and servers detect a missed message.
if epoch_began or revision > previous_revision then
  redis.pcall('PUBLISH', channel, payload)
end
return reply
