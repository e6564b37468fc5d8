#!lua
-- Applies updates of one contest in one atomic step: looks up earlier answers, checks every update
-- before the first write, then applies, numbers, logs and publishes. Appended to position.lua,
-- epoch.lua, log.lua, expiry.lua, rules.lua, scoring.lua, moves.lua, profiles.lua, users.lua and
-- requests.lua.
--
-- It has no flag: a store that is full, read-only, short of replicas or unable to save refuses it
-- before it runs, so nothing is half written.
--
-- KEYS[1]  board     ZSET    member = tie key + user id, score = points (see rules.lua)
-- KEYS[2]  users     HASH    user id → tie key + profile (see profiles.lua)
-- KEYS[3]  meta      HASH    the position and the settings of the contest
-- KEYS[4]  log       STREAM  one entry for each commit, id <last revision>-0, field commit
-- KEYS[5]  scores    ZSET    the distinct scores, where the rank style is dense
-- KEYS[6]  counts    HASH    score → how many users have it, where the rank style is dense
-- KEYS[7]  hidden    HASH    the hidden users (see hiding.lua)
-- KEYS[8]  seasons   HASH    kept seasons, see new_season.lua
-- KEYS[9]  users     HASH    the users of the season before, if it is kept
-- KEYS[10] requests  HASH    current request bucket (see requests.lua)
-- KEYS[11] requests  HASH    previous request bucket
-- KEYS[12] requests  HASH    next request bucket, written by servers with a faster clock
-- ARGV[1]  epoch of the latest position this server has seen, '' for none
-- ARGV[2]  revision of that position
-- ARGV[3]  channel of the contest
-- ARGV[4]  epoch to begin if there is no history or it was lost
-- ARGV[5]  token of this server
-- ARGV[6]  sequence number of this commit, rising with each commit of this server
-- ARGV[7]  how many changes the log keeps, at least
-- ARGV[8]  when the current request bucket expires, in seconds since 1970
-- ARGV[9]  1 if the updates may begin the contest, else 0
-- ARGV[10] JSON: the updates, each [user id, mode, points, request id, fingerprint, event type,
--          event time, display name], '' for a field that is not set; points is a number within
--          the bounds of a score, all other fields are text. Where it changes attributes, or
--          removes the name, or is for a season, [..., attributes, 1 to remove the name, season]
--          follows, with the season 0 for the current one.
--
-- Returns nil if the server has to recover the contest before, or to read its season, as the users
-- of the season before are those of the season that the server knows of. Else the payload that it logs
-- and publishes, a line break, then JSON: [index, outcome, ...] of the updates without a change in the
-- payload, in order, with indexes from 0. An outcome is one of
--   'unchanged <answer>\31<profile>'  the update changed nothing
--   'replayed <answer>\31<profile>'   the first answer to the same request id, and the profile now
--   'range <least> <greatest>'        the score would pass the bounds
--   'points <most>'                   the points pass the bound
--   'attributes'                      the user would have too many attributes, or too long ones
--   'reused'                          the request id was used with another payload
--   'absent'                          there is no contest, and the updates may not begin it
--   'season <current>'                the update is for another season
--   'closed <state> <time>'           the contest is not open: SCHEDULED or CLOSED, and when it opens
--                                     or closed, in milliseconds since 1970
--   'applied <answer>\31<profile>'    the update of a hidden user was applied
-- and an answer is '<score> <rank> <previous score> <previous rank> <revision> <applied 0|1>', and
-- ' <place> <previous place>' if the contest shares ranks. A request bucket holds
-- '<fingerprint> <answer>' for a request id.
--
-- The payload is that of log.lua. A commit without revisions is not logged, and published only if it
-- began an epoch.
--
-- Fails with STALE if a later commit of this server was already applied in the same request buckets,
-- or this one was, and its reply is not kept any more.
-- (One that timed out, and arrives after a later one of the next bucket, is still applied: once.)
-- Fails with NEWERSCHEMA if a later version wrote the contest. Fails with NOPERM if the store's user
-- lacks a right; only a server's first commit checks that, since it takes nearly a tenth of the
-- script's time.

local board, users, meta, log, distinct, counts, hidden = unpack(KEYS)
local requests, buckets = KEYS[10], {unpack(KEYS, 10)}
local seen_epoch, seen_revision, channel, new_epoch, server, sequence = unpack(ARGV, 1, 6)
local updates = cjson.decode(ARGV[10])

local call, encode = redis.call, cjson.encode

-- 1. Look up earlier answers.

local server_field = 'server ' .. server
local fields = {server_field}
for _, update in ipairs(updates) do
  if update[4] ~= '' then
    fields[#fields + 1] = update[4]
  end
end
local found = look_up(buckets, fields)

local last_commit = found[1]
if not last_commit then
  local refused = missing_right({
    {'ZADD', board, 0, ''}, {'ZREM', board, ''}, {'ZREVRANK', board, ''}, {'ZCARD', board},
    {'HSET', users, '', ''}, {'XREVRANGE', log, '+', '-'}, {'XADD', log, '*', 'commit', ''},
    {'TTL', requests}, {'EXPIREAT', requests, 0}, {'TIME'}, {'ZCOUNT', board, 0, 0},
    {'ZADD', distinct, 0, ''}, {'ZREM', distinct, ''}, {'HINCRBY', counts, '', 1},
    {'HDEL', counts, ''}, {'HSET', hidden, '', ''},
  })
  if refused then
    return refused
  end
else
  local separator = last_commit:find(' ', 1, true)
  local last_sequence = tonumber(last_commit:sub(1, separator - 1))
  if last_sequence == tonumber(sequence) then
    local reply = last_commit:sub(separator + 1)
    return reply ~= '' and reply or redis.error_reply('STALE the reply is not kept any more')
  elseif last_sequence > tonumber(sequence) then
    return redis.error_reply('STALE a later commit of this server was applied')
  end
end

local remembered = {}  -- request id → '<fingerprint> <answer>'
for i = 2, #fields do
  remembered[fields[i]] = found[i]
end

-- 2. Read the contest and every user, then decide on each update in order, as if the updates before
-- it were applied.

local epoch, revision, state, rules_text, settings = read_position(
  meta, seen_epoch, seen_revision, 'hidden', 'starts_at', 'ends_at', 'expire_after', 'servers')
local refused = newer_schema(settings[4])
if refused then
  return refused
end
local season = math.max(1, season_of(epoch))
if recover_first(state) or season > 1 and season_of(seen_epoch) ~= season then
  return false
end
local rules = decode_rules(rules_text)
local any_hidden, starts_at, ends_at, expire_after, servers = unpack(settings, 7, 11)
local closed = epoch == '' and ARGV[9] == '0' and 'absent'
if starts_at and now_ms() < tonumber(starts_at) then
  closed = 'closed SCHEDULED ' .. starts_at
elseif ends_at and now_ms() >= tonumber(ends_at) then
  closed = 'closed CLOSED ' .. ends_at
end

local ids = {}
for i, update in ipairs(updates) do
  ids[i] = update[1]
end
local members, scores, profiles, hidden_rows = read_users(KEYS, rules, ids, any_hidden, season > 1)

-- By the index of the update; `outcomes` only has those that are not applied.
local outcomes, score_of, before_of, profile_of, changed = {}, {}, {}, {}, {}
local accepted = false
for i, update in ipairs(updates) do
  local id, request, fingerprint = update[1], update[4], update[5]
  local first_entry = request ~= '' and remembered[request]
  if first_entry then
    outcomes[i] = first_entry:sub(1, 16) == fingerprint and 'replayed' or 'reused'
    profile_of[i] = profiles[id] or ''
  elseif closed then
    outcomes[i] = closed
  elseif update[11] and update[11] ~= 0 and update[11] ~= season then
    outcomes[i] = 'season ' .. season
  else
    local before, profile = scores[id], profiles[id] or ''
    local score, problem = apply_points(rules, before, update[2], update[3])
    if update[8] ~= '' or update[9] then
      profile = change_profile(profile, update[8], update[9], update[10] == 1)
    end
    if not score or not profile then
      outcomes[i] = problem or 'attributes'
    else
      score_of[i], before_of[i], profile_of[i] = score, before, profile
      changed[i] = score ~= before or profile ~= profiles[id]
      scores[id], profiles[id] = score, profile
      accepted = true
      if request ~= '' then
        remembered[request] = fingerprint .. ' '
      end
    end
  end
end

-- 3. Every update is decided: write.

local epoch_began = accepted and (state == 'lost' or epoch == '')
if epoch_began then
  epoch, revision = begin_epoch(board, meta, log, new_epoch, epoch, revision)
end
local previous_revision = revision
local changes, others, new_users, new_hidden, new_requests = {}, {}, {}, {}, {}
local board_keys = {board, distinct, counts}
local shared = rules.rank_style

for i, update in ipairs(updates) do
  local outcome = outcomes[i]
  if outcome then
    if outcome == 'replayed' then
      -- An answer of an earlier season has places or not by the rules of then. An entry of an earlier
      -- version ends with the name of then, which may begin with digits.
      local entry = remembered[update[4]]:sub(18)
      local answer = (shared or season > 1) and entry:match('^' .. ('%S+ '):rep(7) .. '%d+$')
        or entry:match('^%S+' .. (' %S+'):rep(5))
      outcome = 'replayed ' .. answer .. '\31' .. profile_of[i]
    end
    others[#others + 1] = (i - 1) .. ',' .. encode(outcome)
  else
    local id, profile = update[1], profile_of[i]
    local score, before = whole(score_of[i]), whole(before_of[i] or 0)
    local stored, stored_before = score, before
    if rules.order then
      stored, stored_before = whole(0 - score_of[i]), whole(0 - (before_of[i] or 0))
    end
    local member, hidden_row = members[id], hidden_rows[id]
    local previous_place = member and call('ZREVRANK', board, member) + 1 or 0
    local previous_rank = previous_place
    if shared and member then
      previous_rank = shared_rank(rules, board, distinct, stored_before)
    end
    local place, rank = previous_place, previous_rank
    if changed[i] then
      revision = revision + 1
      local moves = score_of[i] ~= before_of[i]
      if hidden_row then
        local tie = moves and tie_key(rules, revision) or hidden_row:sub(1, 14)
        hidden_rows[id] = tie .. stored
        new_hidden[#new_hidden + 1] = id
        new_hidden[#new_hidden + 1] = tie .. stored
        changes[#changes + 1] = '0'
      elseif moves then
        member = move_user(rules, board_keys, id, member, stored_before, stored, revision)
        members[id] = member
        place = call('ZREVRANK', board, member) + 1
        rank = shared and shared_rank(rules, board, distinct, stored) or place
      end
      new_users[#new_users + 1] = id
      new_users[#new_users + 1] = (hidden_rows[id] or member):sub(1, 14) .. profile
      if not hidden_row then
        changes[#changes + 1] = '["' .. id .. '",' .. score .. ',' .. rank .. ',' .. before .. ','
          .. previous_rank .. ',"' .. update[6] .. '","' .. update[7] .. '",'
          .. encode_profile(profile, shared, place, previous_place) .. ']'
      end
    end
    if not changed[i] or hidden_row or update[4] ~= '' then
      local answer = score .. ' ' .. rank .. ' ' .. before .. ' ' .. previous_rank .. ' '
        .. whole(revision) .. (changed[i] and ' 1' or ' 0')
      if shared then
        answer = answer .. ' ' .. place .. ' ' .. previous_place
      end
      if not changed[i] or hidden_row then
        local kind = changed[i] and 'applied ' or 'unchanged '
        others[#others + 1] = (i - 1) .. ',' .. encode(kind .. answer .. '\31' .. profile)
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
if #new_hidden > 0 then
  call('HSET', hidden, unpack(new_hidden))
end
local at = whole(revision)
local payload = payload_head(epoch, previous_revision, revision, call('ZCARD', board))
  .. (#changes > 0 and ',' or '') .. table.concat(changes, ',') .. ']'
local written = {}  -- fields of meta
if revision > previous_revision then
  written = {'epoch', epoch, 'revision', at}
  local expires_at = expire_after
    and expiry(starts_at or '', ends_at or '', expire_after, settings[5])
  if expires_at and expires_at ~= settings[5] then
    written[5], written[6] = 'expires_at', expires_at
  end
  append_to_log(log, previous_revision, revision, payload, tonumber(ARGV[7]))
end
local reply = payload .. '\n[' .. table.concat(others, ',') .. ']'
if revision > previous_revision or #new_requests > 0 then
  new_requests[#new_requests + 1] = server_field
  new_requests[#new_requests + 1] = sequence .. ' ' .. reply
  if not last_commit then
    written[#written + 1] = 'servers'
    written[#written + 1] = with_server(servers or '', buckets, server)
  end
  local added = call('HSET', requests, unpack(new_requests))
  if added > 0 and call('TTL', requests) < 0 then
    call('EXPIREAT', requests, ARGV[8])
  end
end
if #written > 0 then
  call('HSET', meta, unpack(written))
end
-- Last, and its failure is ignored: the writes are done, and servers detect a missed message.
if epoch_began or revision > previous_revision then
  redis.pcall('PUBLISH', channel, payload)
end
return reply
